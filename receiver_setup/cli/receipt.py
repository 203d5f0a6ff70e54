"""The result for a person: what is set up, what proves it, what to do next."""

from receiver_setup.report import CameraReport, ReceiverReport, Report

_KINDS = {"rec": "videos at an alarm", "snap": "pictures at an alarm", "timersnap": "pictures by the clock"}


def render_receipt(report: Report) -> str:
    """Render the whole result as text."""
    parts = [_receiver(receiver, check=report.check) for receiver in report.receivers]
    return "\n".join(part for part in parts if part)


def _receiver(receiver: ReceiverReport, *, check: bool) -> str:
    lines = []
    for camera in receiver.cameras:
        if camera.ok and receiver.error is None:
            lines += _preview(camera) if check else _proven(camera, receiver)
    if receiver.error is None and receiver.ok:
        if check:
            lines.append("Nothing was changed: this was a check." if receiver.changed else "Nothing would be changed.")
        elif not receiver.changed:
            lines.append("Nothing was changed: all was already so.")
    return "\n".join(lines)


def _preview(camera: CameraReport) -> list[str]:
    steps = [step.detail for step in camera.steps if step.changed]
    return [f"{camera.name} ({camera.address}): " + ("; ".join(steps) or "set up already, would only be tested")]


def _proven(camera: CameraReport, receiver: ReceiverReport) -> list[str]:
    key, host_key, test = camera.public_key, camera.host_key, camera.test
    by = f"its own key, {key.bits} bits, {key}" if key and camera.auth == "publickey" else "a random password"
    seen = str(host_key) if host_key else "the one it trusts (this firmware does not tell it again)"
    lines = [
        f"{camera.name} ({camera.address}) uploads to {receiver.address}, proven on both sides.",
        f"  recordings  {camera.directory}",
        f"  signs in    as {receiver.user} with {by}",
        f"  verifies    {seen}",
    ]
    if test is not None:
        lines.append(f"  proof       {test.file}, {test.bytes} bytes, arrived with verification on")
    lines.append(f"  uploads     {_uploads(camera)}")
    return [*lines, *(f"  warning     {warning}" for warning in camera.warnings)]


def _uploads(camera: CameraReport) -> str:
    switch = f"receiver-setup camera action rec --enable --camera {camera.address}"
    if camera.uploads is None:
        return f"the camera does not say what it uploads; see: receiver-setup camera show --camera {camera.address}"
    if not camera.uploads:
        return f"nothing yet; for videos at an alarm: {switch}"
    return ", ".join(_KINDS[kind] for kind in camera.uploads)
