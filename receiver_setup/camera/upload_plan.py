"""Which upload settings must change on a camera (pure): what it has, what it shall have, what to send."""

from collections.abc import Mapping
from dataclasses import dataclass

from receiver_setup.camera.messages import FtpAttributes, Security, SetFtpAttr
from receiver_setup.secrets import MASK, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTarget:
    """Where the camera shall upload to: what it dials, as whom, into which folder seen from the start folder."""

    server: str
    port: int
    username: str
    directory: str
    jailed: bool = True
    """In a jail the start folder is `/`, so that a camera may as well write the folder with a slash before it."""
    password: Secret | None = None
    """None: by key, and the camera's stored password stays as it is."""

    def fields(self, *, insecure: bool) -> dict[str, str]:
        """Return the settings as the camera writes them, the password left out."""
        command = SetFtpAttr(
            server=self.server,
            port=self.port,
            username=self.username,
            directory=self.directory,
            security=Security.SFTP,
            insecure=insecure,
        )
        return dict(command.parameters())


def plan_fields(now: Mapping[str, str], target: UploadTarget, *, insecure: bool) -> dict[str, str]:
    """Return only the fields that differ; ft_mode and everything else stays as it is.

    >>> target = UploadTarget(server="10.0.0.2", port=22, username="ipcamera", directory="recordings")
    >>> plan_fields(target.fields(insecure=True), target, insecure=False)
    {'ft_insecure': '0'}
    """
    return {
        name: value
        for name, value in target.fields(insecure=insecure).items()
        if not _same(name, now.get(name), value, jailed=target.jailed)
    }


def is_settled(attributes: FtpAttributes, target: UploadTarget) -> bool:
    """Tell whether the camera points at the target already and verifies it."""
    return target.password is None and not plan_fields(attributes.raw, target, insecure=False)


def render_diff(now: Mapping[str, str], target: UploadTarget, camera: str) -> str:
    """Render what a set-up would change on the camera, a line a field."""
    secret = {} if target.password is None else {"ft_password": MASK}
    return render_fields(now, plan_fields(now, target, insecure=False) | secret, camera)


def render_fields(now: Mapping[str, str], fields: Mapping[str, str], camera: str) -> str:
    """Render what `fields` would change, as a diff; nothing for none.

    >>> print(render_fields({"ft_port": "21"}, {"ft_port": "22"}, "porch"), end="")
    --- porch getftpattr
    +++ porch setftpattr
    -ft_port=21
    +ft_port=22
    """
    lines = []
    for name, value in fields.items():
        lines += [*([f"-{name}={now[name]}"] if name in now else []), f"+{name}={value}"]
    heads = (f"--- {camera} getftpattr", f"+++ {camera} setftpattr")
    return "".join(f"{line}\n" for line in (*heads, *lines)) if lines else ""


def _same(name: str, now: str | None, wanted: str, *, jailed: bool) -> bool:
    """Compare two values of a field; a folder is the same with `./` before it or `/` after it."""
    if now is None:
        return False
    if name == "ft_dirname":
        folder = now.removeprefix("./").rstrip("/")
        return wanted in {folder, folder.lstrip("/") if jailed else folder}
    return now == wanted
