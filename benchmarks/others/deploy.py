"""The receiver's half with pyinfra's own operations."""

from io import StringIO
from pathlib import Path

from pyinfra.context import host
from pyinfra.operations import files, server

_KEYS = "/etc/ssh/authorized_keys.d"

server.user(  # noqa: S604 - `shell` is the one of the account
    name="Account",
    user="ipcamera",
    system=True,
    home="/home/ipcamera",
    ensure_home=False,
    shell="/usr/sbin/nologin",
    password="*",  # noqa: S106 - no password at all
    _sudo=True,
)
files.directory(name="Jail", path="/home/ipcamera", user="root", group="root", mode="755", _sudo=True)
files.directory(
    name="Recordings", path="/home/ipcamera/recordings", user="ipcamera", group="ipcamera", mode="750", _sudo=True
)
files.directory(name="Folder of keys", path=_KEYS, user="root", group="root", mode="755", _sudo=True)
# server.user_authorized_keys would give the folder to the upload user.
key = Path(host.data.key_file).read_text(encoding="utf-8").strip()
files.put(
    name="Key", src=StringIO(f"restrict {key}\n"), dest=f"{_KEYS}/ipcamera", user="root", group="root", mode="644",
    _sudo=True,
)  # fmt: skip
drop_in = files.put(
    name="Drop-in", src="camera.conf", dest="/etc/ssh/sshd_config.d/00-camera.conf", user="root", group="root",
    mode="644", _sudo=True,
)  # fmt: skip
server.shell(name="Validate", commands=["/usr/sbin/sshd -t"], _sudo=True, _if=drop_in.did_change)
# Cheaper than server.service, which finds out first who manages services.
server.shell(name="Reload", commands=["service ssh reload"], _sudo=True, _if=drop_in.did_change)
