"""The result as text: what is set up, its proof, how to verify it, how to undo it."""

from receiver_setup.report import UPLOADS, CameraReport, Commands, ReceiverReport, Report


def render_receipt(report: Report, commands: list[Commands | None] | None = None) -> str:
    """Render the whole result as text; `commands` are each receiver's."""
    named = commands or [None] * len(report.receivers)
    parts = [
        _receiver(receiver, each, check=report.check) for receiver, each in zip(report.receivers, named, strict=True)
    ]
    return "\n".join(part for part in parts if part)


def _receiver(receiver: ReceiverReport, commands: Commands | None, *, check: bool) -> str:
    lines = []
    told = [camera for camera in receiver.cameras if camera.ok and receiver.error is None]
    for camera in told:
        lines += _preview(camera) if check else _proven(camera, receiver)
    if told:
        lines += [f"warning: {warning}" for warning in receiver.warnings]
    if receiver.error is None and receiver.ok:
        if check:
            lines.append("Nothing was changed: this was a check." if receiver.changed else "Nothing would be changed.")
        elif not receiver.changed:
            lines.append("Nothing was changed: everything was set up already.")
    if told and not check and commands is not None:
        lines += [f"To verify again: {commands.verify}", f"To undo it:      {commands.remove}"]
    return "\n".join(lines)


def _preview(camera: CameraReport) -> list[str]:
    steps = [step.detail for step in camera.steps if step.changed]
    told = "; ".join(steps) or "already set up, would only be tested"
    return [f"{camera.name} ({camera.address}): {told}", *_warnings(camera)]


def _proven(camera: CameraReport, receiver: ReceiverReport) -> list[str]:
    key, host_key, test = camera.public_key, camera.host_key, camera.test
    by = f"its own key, {key.bits} bits, {key}" if key and camera.auth == "publickey" else "a random password"
    seen = host_key or "that it trusts (this firmware does not report which)"
    where = "this machine" if receiver.address == "local" else receiver.address
    user, home = receiver.user, receiver.home
    if camera.user is not None:
        user, home = camera.user, (camera.directory or "").removesuffix(f"/{receiver.directory}")
    jail = f", jailed in {home}" if receiver.jail else ""
    lines = [
        f"{camera.name} ({camera.address}) uploads to {where} by sFTP, proven on both sides.",
        f"  recordings  {camera.directory} on {where}",
        f"  uploads     {_uploads(camera)}",
        f"  signs in    as {user}{jail}, with {by}",
        f"  verifies    the host key {seen}",
    ]
    if test is not None:
        told = f"{test.file}, {test.bytes} bytes, arrived with verification on, login by {camera.auth}"
        lines.append(f"  proof       {told}")
    return [*lines, *_warnings(camera)]


def _warnings(camera: CameraReport) -> list[str]:
    return [f"  warning     {warning}" for warning in camera.warnings]


def _uploads(camera: CameraReport) -> str:
    switch = f"receiver-setup camera action rec --enable --camera {camera.address}"
    if camera.uploads is None:
        return f"not reported by the camera; see: receiver-setup camera show --camera {camera.address}"
    if not camera.uploads:
        return f"nothing yet; for videos at an alarm: {switch}"
    return ", ".join(UPLOADS[kind] for kind in camera.uploads)
