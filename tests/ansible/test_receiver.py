"""The action `receiver` on one host: with either ansible-core, over every connection, and without a secret told."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from support.ansible_site import VAULT_PASSWORD, Site
from support.bench import CAMERA_PASSWORD, FORMER, Bench
from support.vlan import CAMERAS, Vlan

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.secrets import spellings

MakeCamera = Callable[..., EmulatedCamera]
MakeReceiver = Callable[..., ThrowawayReceiver]
SUDO_PASSWORD = 'su do\'s "$HOME" %s'


def porch(camera: EmulatedCamera, **options: Any) -> dict[str, Any]:
    return {"name": "porch", "address": camera.url, "password": CAMERA_PASSWORD, **options}


def test_four_runs_and_back_on_either_ansible(
    site: Site, admin_key: AdminKey, make_receiver: MakeReceiver, make_camera: MakeCamera
) -> None:
    receiver, camera = make_receiver(), make_camera()
    site.add("attic", receiver, admin_key, cameras=[porch(camera, upload=["rec"], interval=60)])
    bench = Bench(receiver=receiver, key=admin_key, known_hosts=site.folder / ".ssh" / "known_hosts")
    before = bench.state()
    recaps = []
    for arguments in (["--check"], [], ["--check"], []):
        run = site.receiver({}, *arguments)
        assert run.code == 0, run.out + run.err
        recaps.append(run.recap("attic"))
    assert recaps == [(1, 1, 0, 0), (1, 1, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0)]
    assert camera.state.fields["ft_insecure"] == "0"
    removed = site.receiver({"state": "absent", "delete_recordings": True})
    assert removed.recap("attic") == (1, 1, 0, 0), removed.out
    assert bench.state() == before
    assert camera.state.fields["ft_server"] == FORMER["ft_server"]


@pytest.mark.parametrize("version", ["newest"])
def test_the_diff_is_that_of_the_command_to_the_byte(
    site: Site, admin_key: AdminKey, make_receiver: MakeReceiver, make_camera: MakeCamera
) -> None:
    receiver, camera = make_receiver(), make_camera()
    site.add("attic", receiver, admin_key, cameras=[{"address": camera.url, "password": CAMERA_PASSWORD}])
    run = site.receiver({}, "--check", "--diff")
    bench = Bench(receiver=receiver, key=admin_key, known_hosts=site.folder / ".ssh" / "known_hosts")
    told = bench.setup(camera, options=("--check",)).json["receivers"][0]
    assert run.results["attic"]["diff"]["prepared"] == told["diff"]
    assert told["diff"] in run.out
    assert run.results["attic"]["receiver"] == told


@pytest.mark.parametrize("version", ["newest"])
@pytest.mark.parametrize(
    ("connection", "sudo"),
    [("ssh", "password"), ("paramiko_ssh", "password"), ("paramiko_ssh", "nopasswd"), ("ssh-root", "none")],
)
def test_every_way_in_sets_up_and_proves_a_new_login(  # noqa: PLR0913, PLR0917 - fixtures
    site: Site,
    admin_key: AdminKey,
    make_receiver: MakeReceiver,
    make_camera: MakeCamera,
    connection: str,
    sudo: str,
) -> None:
    receiver = make_receiver(sudo=sudo, sudo_password=SUDO_PASSWORD if sudo == "password" else None)
    camera = make_camera()
    site.add("attic", receiver, admin_key, cameras=[porch(camera)], ansible_connection=connection.partition("-")[0])
    if sudo == "password":
        site.hosts["attic"]["ansible_become_password"] = SUDO_PASSWORD
    if connection == "ssh-root":
        site.hosts["attic"] |= {"ansible_user": "root", "ansible_become": False}
    accepted = f"Accepted publickey for {site.hosts['attic']['ansible_user']} "
    run = site.receiver({}, "-vvv")
    assert run.recap("attic") == (1, 1, 0, 0), run.out + run.err
    steps = {step["name"]: step for step in run.results["attic"]["receiver"]["steps"]}
    assert steps["log in anew"]["detail"] == "the administrator still gets in"
    assert receiver.log().count(accepted) == 2
    assert all(form not in run.out + run.err for form in spellings(SUDO_PASSWORD))


@pytest.mark.rest
@pytest.mark.parametrize("version", ["newest"])
def test_why_root_is_out_of_reach_is_told(site: Site, admin_key: AdminKey, make_receiver: MakeReceiver) -> None:
    receiver = make_receiver(sudo="password", sudo_password=SUDO_PASSWORD)
    receiver.run("sh", "-c", "echo 'Defaults logfile=/var/log/sudo.log' >>/etc/sudoers")
    cameras: dict[str, Any] = {"cameras": []}
    site.add("no-become", receiver, admin_key, ansible_become=False, **cameras)
    site.add("no-password", receiver, admin_key, **cameras)
    site.add("wrong", receiver, admin_key, ansible_become_password="not-this-one", **cameras)
    site.add("wrong-paramiko", receiver, admin_key, ansible_become_password="nor-that-one", **cameras)
    site.hosts["wrong-paramiko"]["ansible_connection"] = "paramiko_ssh"
    run = site.receiver({"state": "absent"}, "-vvv")
    errors = {host: run.results[host]["error"] for host in site.hosts}
    assert {error["kind"] for error in errors.values()} == {"receiver-sudo"}, errors
    assert "become: true" in errors["no-become"]["hint"]
    assert "asks for a password" in errors["no-password"]["message"]
    assert "--ask-become-pass" in errors["no-password"]["hint"]
    assert "refused" in errors["wrong"]["message"]
    assert "ansible_become_password" in errors["wrong-paramiko"]["hint"]
    log = " ".join(receiver.run("cat", "/var/log/sudo.log").stdout.decode().split())
    assert log.count("1 incorrect password attempt ") == 2, "each wrong password is sent once"
    assert "not-this-one" not in run.out + run.err


@pytest.mark.rest
@pytest.mark.parametrize("version", ["newest"])
def test_cameras_are_reached_through_the_receiver(site: Site, admin_key: AdminKey, make_receiver: MakeReceiver) -> None:
    """The camera is in a network that the receiver reaches and the controller does not."""
    receiver, alone = make_receiver(), make_receiver()
    with Vlan(receiver) as vlan:
        own = {"cameras": [porch(vlan.camera())]}
        site.add("attic", receiver, admin_key, **own)
        run = site.receiver({"camera_via_receiver": True})
        assert run.recap("attic") == (1, 1, 0, 0), run.out
        assert f"Accepted publickey for ipcamera from {CAMERAS} " in receiver.log()
        site.add("paramiko", receiver, admin_key, ansible_connection="paramiko_ssh", **own)
        site.add("nobody", alone, admin_key, **own)
        site.add("here", alone, admin_key, ansible_connection="local", ansible_become=False, **own)
        run = site.receiver({"camera_via_receiver": True}, "--check")
    assert run.recap("attic") == run.recap("paramiko") == (1, 0, 0, 0), run.out
    assert run.results["nobody"]["error"]["kind"] == "camera-unreachable"
    assert "seen from admin@" in run.results["nobody"]["msg"]
    assert run.results["here"]["error"]["kind"] == "configuration"
    assert "reached by SSH" in run.results["here"]["msg"]


@pytest.mark.rest
def test_no_password_is_told_in_any_spelling(
    site: Site, admin_key: AdminKey, make_receiver: MakeReceiver, make_camera: MakeCamera
) -> None:
    """From a vault, at -vvv: neither by the action, nor by the role, the modules or any failure."""
    passwords = {"right": CAMERA_PASSWORD, "wrong": "Wr0ng pass'w\"ord+&", "upload": "upl0ad pa$$ word"}
    receiver, camera, other = make_receiver(), make_camera(), make_camera()
    vault = site.folder / "vault.yml"
    vault.write_text(json.dumps(passwords))
    (site.folder / "vault-password").write_text(VAULT_PASSWORD)
    site.environment["ANSIBLE_VAULT_PASSWORD_FILE"] = "vault-password"
    assert site.run("ansible-vault", "encrypt", "vault.yml").code == 0
    assert CAMERA_PASSWORD not in vault.read_text()
    site.add("attic", receiver, admin_key)
    python = "ansible_python_interpreter: '{{ ansible_playbook_python }}'"
    run = site.play(
        f"""
- hosts: receivers
  gather_facts: false
  vars_files: [vault.yml]
  vars:
    sftp_receiver_cameras:
      - {{name: porch, address: "{camera.url}", password: "{{{{ right }}}}"}}
  roles: [receiver_setup.instar.sftp_receiver]
  tasks:
    - receiver_setup.instar.camera:
        camera: "{camera.url}"
        camera_password: "{{{{ right }}}}"
        set: {{password: "{{{{ upload }}}}"}}
      delegate_to: localhost
      vars: {{{python}}}
    - receiver_setup.instar.camera_info: {{camera: "{camera.url}", camera_password: "{{{{ right }}}}"}}
      delegate_to: localhost
      vars: {{{python}}}
    - receiver_setup.instar.camera_info: {{camera: "{other.url}", camera_password: "{{{{ wrong }}}}"}}
      delegate_to: localhost
      vars: {{{python}}}
      ignore_errors: true
    - receiver_setup.instar.receiver:
        cameras:
          - {{name: yard, address: "{other.url}", password: "{{{{ wrong }}}}", interval: "{{{{ wrong }}}}"}}
      ignore_errors: true
    - receiver_setup.instar.receiver:
        cameras:
          - {{name: yard, address: "{other.url}", password: "{{{{ wrong }}}}"}}
""",
        "-vvv",
        "--diff",
    )
    assert "attic" in run.stats, run.out + run.err
    assert run.recap("attic")[3] == 1, run.out
    assert run.results["attic"]["error"]["kind"] == "camera-login"
    told = run.out + run.err + json.dumps(run.results)
    assert "read receiver" in told, "-v tells the steps"
    for password in passwords.values():
        assert [form for form in {*spellings(password), quote(password)} if form in told] == []


@pytest.mark.rest
@pytest.mark.parametrize("version", ["newest"])
def test_a_missing_or_old_package_is_one_sentence(site: Site, admin_key: AdminKey, make_receiver: MakeReceiver) -> None:
    site.add("attic", make_receiver(), admin_key, cameras=[])
    fake = site.folder / "fake" / "receiver_setup"
    fake.mkdir(parents=True)
    site.environment["PYTHONPATH"] = str(fake.parent)
    for text, said in (
        ("raise ImportError('not there')", "not there"),
        ("__version__ = '0.0.9'", "0.0.9 is installed"),
    ):
        (fake / "__init__.py").write_text(text)
        run = site.receiver({"state": "absent"})
        assert run.recap("attic") == (0, 0, 0, 1)
        assert said in run.results["attic"]["msg"]
        assert "pip install 'receiver-setup>=0.1.0'" in run.results["attic"]["msg"]
