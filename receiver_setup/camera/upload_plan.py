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
    lines = []
    for name, value in plan_fields(now, target, insecure=False).items():
        was = [f"-{name}={now[name]}"] if name in now else []
        lines += [*was, f"+{name}={value}"]
    if target.password is not None:
        lines.append(f"+ft_password={MASK}")
    return (
        "".join(f"{line}\n" for line in (f"--- {camera} getftpattr", f"+++ {camera} setftpattr", *lines))
        if lines
        else ""
    )


def _same(name: str, now: str | None, wanted: str, *, jailed: bool) -> bool:
    """Compare two values of a field; a folder is the same with `./` before it or `/` after it."""
    if now is None:
        return False
    if name == "ft_dirname":
        folder = now.removeprefix("./").rstrip("/")
        return wanted in {folder, folder.lstrip("/") if jailed else folder}
    return now == wanted
