"""The upload target of a camera, and the settings that differ from it (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from receiver_setup.camera.messages import Security, SetFtpAttr
from receiver_setup.camera.settings.fields import PASSWORD_FIELD, setting_of
from receiver_setup.camera.settings.plan import render_fields
from receiver_setup.secrets import MASK, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTarget:
    """Where the camera should upload: server, user, and the folder relative to the start folder."""

    server: str
    port: int
    username: str
    directory: str
    jailed: bool = True
    """In a jail the start folder is `/`, so the folder may have a leading slash in the camera."""
    password: Secret | None = None
    """None: by key, and the camera's stored password stays as it is."""

    def fields(self, *, insecure: bool) -> dict[str, str]:
        """Return the settings as the camera writes them, without the password."""
        command = SetFtpAttr(
            server=self.server,
            port=self.port,
            username=self.username,
            directory=self.directory,
            security=Security.SFTP,
            insecure=insecure,
        )
        return dict(command.parameters())


def plan_fields(
    now: Mapping[str, str], target: UploadTarget, *, insecure: bool, certain: bool = True
) -> dict[str, str]:
    """Return only the fields that differ; ft_mode and all others are left alone.

    Without `certain`, a reading in capitals counts as equal. That is enough to test a camera, since its picture proves
    it, but not to skip a change.

    >>> target = UploadTarget(server="10.0.0.2", port=22, username="ipcamera", directory="recordings")
    >>> plan_fields(target.fields(insecure=True), target, insecure=False)
    {'ft_insecure': '0'}
    """
    # In a jail, the start folder is `/`.
    folder = now.get("ft_dirname", "").lstrip()
    seen = {**now, "ft_dirname": folder.lstrip("/")} if target.jailed and folder.startswith("/") else now

    def is_there(name: str, value: str) -> bool:
        each, code = setting_of(name), seen.get(name)
        return each.is_so(code, value) if certain else each.holds(code, value)

    return {name: value for name, value in target.fields(insecure=insecure).items() if not is_there(name, value)}


def is_settled(now: Mapping[str, str], target: UploadTarget) -> bool:
    """Return True if a camera with these fields already points at the target and verifies it."""
    return target.password is None and not plan_fields(now, target, insecure=False, certain=False)


def render_diff(now: Mapping[str, str], target: UploadTarget, camera: str) -> str:
    """Render what a set-up would change on the camera, one line per field."""
    if is_settled(now, target):
        return ""
    secret = {} if target.password is None else {PASSWORD_FIELD: MASK}
    return render_fields(now, plan_fields(now, target, insecure=False) | secret, camera)
