"""An inventory as Ansible's: every option where the role has it, no password, and nothing that Ansible would run."""

# ruff: noqa: E501 - lines of YAML are as long as they are

from pathlib import Path

from receiver_setup.inventory import parse_inventory, render_ansible, resolve

TEXT = """
[defaults]
user = "uploads"
upload = ["rec", "snap"]
known_hosts = "hosts"
camera_insecure = true

[[receiver]]
name = "attic-pi"
address = "pi@192.168.2.110:2222"
identity = "key"
groups = ["_ssh", "media"]
pin_source = true
sudo_password_env = "SUDO"

[[receiver]]
name = "here"
local = true

[[camera]]
name = "the {{ porch }}"
address = "https://viewer@192.168.2.168"
receiver = "attic-pi"
password_file = "secrets/it's"
interval = 60

[[camera]]
name = "yard"
address = "192.168.2.169"
receiver = "here"
upload = ["timersnap"]
schedule = "10:00 Mon-Fri"
password_command = ["pass", "show", "the yard"]

[[camera]]
name = "shed"
address = "192.168.2.170"
receiver = "here"
upload = []
"""
HEAD = (
    "# Made from cameras.toml by `receiver-setup inventory --to-ansible`; for the role "
    "receiver_setup.instar.sftp_receiver.\n"
)
WANTED = """---
receivers:
  hosts:
    "attic-pi":
      ansible_host: "192.168.2.110"
      ansible_user: "pi"
      ansible_port: 2222
      ansible_ssh_private_key_file: "/x/key"
      ansible_ssh_common_args: "-o UserKnownHostsFile=/x/hosts"
      ansible_become_password: "{{ lookup('ansible.builtin.env', 'SUDO') }}"
      sftp_receiver_user: "uploads"
      sftp_receiver_pin_source: true
      sftp_receiver_groups: ["_ssh", "media"]
      sftp_receiver_cameras:
        - name: !unsafe "the {{ porch }}"
          address: "https://192.168.2.168"
          username: "viewer"
          password: "{{ lookup('ansible.builtin.file', ('/x/secrets/it' ~ \\"'\\" ~ 's')).splitlines() | first }}"
          insecure: true
          upload: ["rec", "snap"]
          interval: 60
    here:
      ansible_connection: "local"
      sftp_receiver_user: "uploads"
      sftp_receiver_cameras:
        - name: "yard"
          address: "http://192.168.2.169"
          username: "admin"
          password: "{{ lookup('ansible.builtin.pipe', ('cd /x && pass show ' ~ \\"'\\" ~ 'the yard' ~ \\"'\\" ~ '')).splitlines() | first }}"
          upload: ["timersnap"]
          schedule: "10:00 Mon-Fri"
        - name: "shed"
          address: "http://192.168.2.170"
          username: "admin"
  vars:
    ansible_become: true
"""


def test_all_stands_where_the_role_has_it() -> None:
    receivers = resolve(parse_inventory(TEXT, Path("/x/cameras.toml")))
    assert render_ansible(receivers, name="cameras.toml") == HEAD + WANTED
