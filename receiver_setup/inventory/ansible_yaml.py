"""Convert an inventory to Ansible's (pure): receivers as hosts, cameras as a host variable, never a password.

A password becomes a lookup that reads it from the same source on the machine that runs Ansible.
"""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiver_setup.inventory.keys import UPLOADS
from receiver_setup.inventory.model import Password, ResolvedCamera, ResolvedReceiver, SecretSource
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.plan.wanted import clean_name

_OPTIONS = (
    *("user", "directory", "home", "isolate", "receiver_address", "jail", "adopt", "auth", "sha1", "pin_source"),
    *("camera_via_receiver", "confirm_within", "timeout", "jobs"),
)
"""Options with a role variable of the same name."""
_OF_CAMERA = ("login", "ca_file", "fingerprint", "insecure")
_HEAD = (
    "# Made from {name} by `receiver-setup inventory --to-ansible`; for the role receiver_setup.instar.sftp_receiver.\n"
)


@dataclass(frozen=True, slots=True)
class _Template:
    """A value that Ansible should evaluate; all others are literal."""

    text: str


def render_ansible(receivers: Iterable[ResolvedReceiver], *, name: str) -> str:
    """Render Ansible's inventory in YAML; `name` is the name of the source file."""
    hosts = {clean_name(receiver.name): _host(receiver) for receiver in receivers}
    whole = {"receivers": {"hosts": hosts, "vars": {"ansible_become": True}}}
    return _HEAD.format(name=name if name.isprintable() else "an inventory") + "---\n" + "".join(_lines(whole, ""))


def _host(receiver: ResolvedReceiver) -> dict[str, Any]:
    variables: dict[str, Any] = {
        f"sftp_receiver_{name}": receiver.options[name] for name in _OPTIONS if name in receiver.options
    }
    if "groups" in receiver.options:
        variables["sftp_receiver_groups"] = str(receiver.options["groups"]).split(",")
    cameras = {"sftp_receiver_cameras": [_camera(camera, receiver.options) for camera in receiver.cameras]}
    return _way_there(receiver) | variables | cameras


def _way_there(receiver: ResolvedReceiver) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if receiver.address is None:
        found["ansible_connection"] = "local"
    else:
        address = ReceiverAddress.parse(receiver.address)
        named = {"ansible_host": address.host, "ansible_user": address.user, "ansible_port": address.port}
        found |= {name: value for name, value in named.items() if value is not None}
        if "identity" in receiver.options:
            found["ansible_ssh_private_key_file"] = receiver.options["identity"]
        if words := _ssh_words(receiver.options):
            found["ansible_ssh_common_args"] = shlex.join(words)
    for kind, variable in ((Password.SSH, "ansible_password"), (Password.SUDO, "ansible_become_password")):
        if source := receiver.passwords.get(kind):
            found[variable] = _lookup(source)
    return found


def _ssh_words(options: Mapping[str, Any]) -> list[str]:
    words = []
    if "ssh_config" in options:
        words += ["-F", str(options["ssh_config"])]
    if "known_hosts" in options:
        words += ["-o", f"UserKnownHostsFile={options['known_hosts']}"]
    if options.get("accept_new_host_key"):
        words += ["-o", "StrictHostKeyChecking=accept-new"]
    return words


def _camera(camera: ResolvedCamera, of_receiver: Mapping[str, Any]) -> dict[str, Any]:
    options = {**of_receiver, **camera.options}
    found: dict[str, Any] = {"name": camera.name, "address": camera.address.url.replace("%25", "%")}
    found["username"] = camera.address.user
    if camera.password is not None:
        found["password"] = _lookup(camera.password)
    if camera.address.scheme == "https" or "camera_login" in options:
        found |= {name: options[f"camera_{name}"] for name in _OF_CAMERA if f"camera_{name}" in options}
    for name in UPLOADS:
        value = options.get(name)
        if value is not None:
            found[name] = value.split(",") if name == "upload" else value
    return found


def _lookup(source: SecretSource) -> _Template:
    """Return the lookup of a password: the first line of a file or of a command's output, as on the command line."""
    if source.variable is not None:
        return _Template(f"{{{{ lookup('ansible.builtin.env', {_literal(source.variable)}) }}}}")
    if source.file is not None:
        return _Template(f"{{{{ lookup('ansible.builtin.file', {_literal(str(source.file))}).splitlines() | first }}}}")
    line = f"cd {shlex.quote(str(source.folder))} && {shlex.join(source.command or ())}"
    return _Template(f"{{{{ lookup('ansible.builtin.pipe', {_literal(line)}).splitlines() | first }}}}")


def _literal(text: str) -> str:
    """Return a text as a Jinja expression; Ansible takes backslashes literally, so they cannot escape quotes.

    >>> print(_literal("it's"))
    ('it' ~ "'" ~ 's')
    """
    parts = [f"'{part}'" for part in text.split("'")]
    return parts[0] if len(parts) == 1 else "(" + """ ~ "'" ~ """.join(parts) + ")"


def _lines(value: Mapping[str, Any], indent: str) -> Iterable[str]:
    for name, each in value.items():
        key = f"{indent}{_key(name)}:"
        if isinstance(each, Mapping):
            yield f"{key}\n"
            yield from _lines(each, f"{indent}  ")
        elif isinstance(each, list) and each and isinstance(each[0], Mapping):
            yield f"{key}\n"
            for item in each:
                first, *rest = _lines(item, f"{indent}    ")
                yield f"{indent}  - {first.lstrip()}"
                yield from rest
        else:
            yield f"{key} {_scalar(each)}\n"


def _key(name: str) -> str:
    return name if name.replace("_", "").isalpha() else json.dumps(name)


def _scalar(value: Any) -> str:
    """Return a value as JSON, a subset of YAML; a text that looks like a template is marked as unsafe.

    >>> _scalar("{{ x }}"), _scalar(["rec"]), _scalar(True)
    ('!unsafe "{{ x }}"', '["rec"]', 'true')
    """
    if isinstance(value, _Template):
        return json.dumps(value.text, ensure_ascii=False)
    text = json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"!unsafe {text}" if isinstance(value, str | Path) and "{" in text else text
