"""What `receiver-setup inventory --to-ansible` prints is what Ansible reads: passwords are found where they are."""

import os
import stat
import subprocess
import sys

import pytest
from support.ansible_site import Site

pytestmark = pytest.mark.rest

PASSWORDS = {"porch": "in a'file", "gate": 'in the "env"', "barn": "from {{ a }} command"}


@pytest.mark.parametrize("version", ["newest"])
def test_ansible_reads_our_inventory_and_finds_every_password(site: Site) -> None:
    (site.folder / "it's").write_text(f"{PASSWORDS['porch']}\nsecond line\n")
    program = site.folder / "the program"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"{PASSWORDS['barn']}\"\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    sources = {
        "porch": 'password_file = "it\'s"',
        "gate": 'password_env = "GATE"',
        "barn": 'password_command = ["./the program"]',
    }
    cameras = [
        f'[[camera]]\nname = "{name}"\naddress = "192.0.2.{n}"\n{way}\n'
        for n, (name, way) in enumerate(sources.items(), 1)
    ]
    toml = site.folder / "cameras.toml"
    toml.write_text('[[receiver]]\nname = "attic"\nlocal = true\n' + "".join(cameras))
    command = [sys.executable, "-m", "receiver_setup", "inventory", "--to-ansible", str(toml)]
    printed = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "GATE": "x"}
    ).stdout
    assert not any(password in printed for password in PASSWORDS.values())
    (site.folder / "ours.yml").write_text(printed)
    (site.folder / "play.yml").write_text("""
- hosts: receivers
  gather_facts: false
  become: false
  tasks:
    - ansible.builtin.set_fact:
        found: "{{ dict(names | zip(sftp_receiver_cameras | map(attribute='password'))) }}"
      vars:
        names: "{{ sftp_receiver_cameras | map(attribute='name') }}"
""")
    site.environment["GATE"] = PASSWORDS["gate"]
    run = site.run("ansible-playbook", "-i", "ours.yml", "play.yml", "-e", "ansible_become=false")
    assert run.recap("attic") == (1, 0, 0, 0), run.out + run.err
    assert run.results["attic"]["ansible_facts"]["found"] == PASSWORDS, run.out
