"""A receipt as Markdown (pure): what is proven, how to verify it, how to undo it."""

import re
from collections.abc import Iterable

from receiver_setup.receipt.model import CameraReceipt, Receipt, ReceiverReceipt
from receiver_setup.report import UPLOADS

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
"""Characters with a meaning in Markdown in the middle of a line; untrusted text is never at the start of one."""


def render_markdown(receipt: Receipt) -> str:
    """Render a receipt as Markdown."""
    when = receipt.made_at.strftime("%d %B %Y, %H:%M:%S UTC").lstrip("0")
    lines = ["# Receipt of a camera set-up", "", f"Written by receiver-setup {_plain(receipt.tool)} on {when}."]
    for receiver in receipt.receivers:
        lines += ["", *_receiver(receiver)]
    return "\n".join(lines) + "\n"


def _receiver(receiver: ReceiverReceipt) -> list[str]:
    where = "this machine" if receiver.address == "local" else receiver.address
    home = receiver.home and _code(receiver.home) + {True: ", the jail", False: ", no jail", None: ""}[receiver.jail]
    shared = any(camera.user is None for camera in receiver.cameras) or not receiver.cameras
    rows = [
        ("upload user", _code(receiver.user) if shared else "one for each camera"),
        ("home", home if shared else None),
        *(("host key", _code(str(key))) for key in receiver.host_keys),
    ]
    lines = [f"## Receiver: {_plain(where)}", "", *_table(rows)]
    for camera in receiver.cameras:
        lines += ["", *(_camera(camera) if camera.proven else _failed(camera))]
    lines += ["", "### Public keys", "", *(f"    {key.line}" for key in receiver.host_keys)]
    lines += [f"    {camera.public_key.line} {camera.name}" for camera in receiver.cameras if camera.public_key]
    if receiver.commands is not None:
        lines += ["", "### Verify again", "", f"    {receiver.commands.verify}"]
        lines += ["", "### Undo it", "", f"    {receiver.commands.remove}"]
    return lines


def _camera(camera: CameraReceipt) -> list[str]:
    key, proof = camera.public_key, camera.proof
    signs_in = f"with its own key, {key.bits} bits, {_code(str(key))}" if key else "with a random password"
    lines = _table(
        [
            ("upload user", camera.user and _code(camera.user)),
            ("recordings", camera.directory and _code(camera.directory)),
            ("dials", camera.server and f"{_code(camera.server)}, port {camera.port}"),
            ("signs in", signs_in if camera.auth else None),
            ("signature", camera.signature and f"{_code(camera.signature)} (SHA-1)"),
            ("verifies", _code(str(camera.host_key)) if camera.host_key else "the host key that it trusts"),
            (
                "proof",
                None if proof is None else f"{_code(proof.file or '?')}, {proof.bytes} bytes, login by {camera.auth}",
            ),
            ("uploads", _uploads(camera)),
        ]
    )
    return [
        f"### Camera: {_plain(camera.name)} ({_plain(camera.address)})",
        "",
        *lines,
        *(line for warning in camera.warnings for line in ("", f"Warning: {_plain(warning)}")),
    ]


def _failed(camera: CameraReceipt) -> list[str]:
    error = camera.error
    told = f"Not set up: {_plain(error.message)}" if error else ""
    return [f"### Camera: {_plain(camera.name)} ({_plain(camera.address)})", "", told]


def _uploads(camera: CameraReceipt) -> str:
    if camera.uploads is None:
        return "not reported by the camera"
    return ", ".join(UPLOADS[kind] for kind in camera.uploads) or "nothing yet"


def _table(rows: Iterable[tuple[str, str | None]]) -> list[str]:
    """Render a table of two columns, without rows that have no value."""
    return ["| what | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows if value)]


def _plain(text: str) -> str:
    r"""Escape characters with a meaning in Markdown and HTML.

    >>> _plain("a *b* <c>")
    'a \\*b\\* \\<c\\>'
    """
    return _SPECIAL.sub(r"\\\1", text)


def _code(text: str) -> str:
    r"""Render text as code that is also valid in a table.

    >>> print(_code("a`b|c"))
    `` a`b\|c ``
    """
    shown = text.replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest else f"{fence}{shown}{fence}"
