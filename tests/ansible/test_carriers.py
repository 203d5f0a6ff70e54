"""The contract of all ways to a receiver, for Ansible's: a script arrives whole and comes back whole."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.ansible_site import Site

from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.formats.plain_shell import quote

pytestmark = pytest.mark.rest

SUDO_PASSWORD = 'su do\'s "$HOME" `word` %s'
SECRET = "s3cret-" + "canary-value"
VALUES = ('it\'s "quoted"', "two\nlines\n\nand a blank", "$(touch /canary)`touch /canary`", "\\ $HOME *", "ä€")
LOOK = 'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; tr "\\0" " " <$p/environ; done 2>/dev/null'
SCRIPTS = (
    "echo $RECEIVER_SETUP_CONNECTION\n",
    "any=$(mktemp); head -c 1048576 /dev/urandom >$any; sha256sum <$any >&2; cat $any; id -u >&2; rm $any\n",
    "echo out; echo err >&2; exit 77\n",
    f"value={'x' * 300_000}\necho ${{#value}}\n",
    "head -c 1048576 /dev/zero\n" + "# filler\n" * 40_000 + "echo end\n",
    "".join(f"printf '%s|' {quote(value)}\n" for value in VALUES),
    f"password={SECRET}\nprintf x:%s $password >/dev/null; {LOOK}; echo looked\n",
    "echo first; kill -KILL $$\n",
)
WAYS: dict[str, dict[str, Any]] = {
    "ssh": {},
    "ssh-root": {"ansible_user": "root"},
    "ssh-password": {"ansible_become_password": SUDO_PASSWORD},
    "paramiko": {"ansible_connection": "paramiko_ssh"},
    "paramiko-password": {"ansible_connection": "paramiko_ssh", "ansible_become_password": SUDO_PASSWORD},
    "su-password": {"ansible_become_method": "su", "ansible_become_password": SUDO_PASSWORD},
    "paramiko-su-password": {
        "ansible_connection": "paramiko_ssh",
        "ansible_become_method": "su",
        "ansible_become_password": SUDO_PASSWORD,
    },
    "plain": {"plain": True},
    "plain-password": {"plain": True, "ansible_become_password": SUDO_PASSWORD},
}


def test_every_carrier_of_ansibles_keeps_the_contract(
    site: Site, admin_key: AdminKey, make_receiver: Callable[..., ThrowawayReceiver]
) -> None:
    open_one, closed_one = make_receiver(), make_receiver(sudo="password", sudo_password=SUDO_PASSWORD)
    set_password = ["sh", "-c", f"printf 'root:%s\\n' {quote(SUDO_PASSWORD)} | chpasswd"]
    assert closed_one.run(*set_password).returncode == 0
    for way, variables in WAYS.items():
        site.add(way, closed_one if "password" in way else open_one, admin_key, **{"plain": False, **variables})
    site.environment["ANSIBLE_ACTION_PLUGINS"] = str(site.plugins / "action")
    # The folder of a test has too long a path for a socket that Ansible itself would make there.
    site.environment["ANSIBLE_SSH_ARGS"] = "-o ControlMaster=no"
    path = site.folder / "scripts.json"
    path.write_text(json.dumps(SCRIPTS))
    run = site.play(
        "- hosts: receivers\n  gather_facts: false\n  tasks:\n"
        f"    - carry: {{plain: '{{{{ plain }}}}', scripts: {path}}}\n",
    )
    for way in WAYS:
        result = run.results[way]
        assert run.recap(way) == (1, 0, 0, 0), result
        told = [base64.b64decode(each["data"]) if "data" in each else b"" for each in result["outputs"]]
        came, data, ended, long, much, values, looked, _ = told
        digest, _, uid = result["outputs"][1]["errors"].split()[-3:]
        assert (len(data), hashlib.sha256(data).hexdigest(), uid) == (1048576, digest, "0"), way
        assert (ended, result["outputs"][2]["status"]) == (b"out\n", 77), way
        assert (long, len(much)) == (b"300000\n", 1048576 + len("end\n")), way
        assert values == "".join(f"{value}|" for value in VALUES).encode(), way
        assert looked.endswith(b"looked\n"), way
        assert b"sh -s" in looked, "the script's own processes were looked at"
        assert SECRET.encode() not in looked, way
        assert SUDO_PASSWORD.encode() not in looked, way
        assert result["outputs"][7] == {"kind": "receiver-unreachable"}, way
        again = base64.b64decode(result["again"][0]["data"])
        if "plain" in way:
            assert (result["proven"], came, again) == (False, b"\n", b"\n")
        else:
            assert (result["proven"], len(came.split())) == (True, 4), way
            assert came != again, "another login"
    assert open_one.run("ls", "/canary").returncode != 0
