"""The question for a camera's address; the answer `?` searches this machine's networks for cameras."""

from receiver_setup.camera.discovery.merging import FoundDevice
from receiver_setup.camera.discovery.search import search
from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.cli.camera.find import UNPROVEN, WAIT_S, describe, not_found
from receiver_setup.cli.guided.questions import ask, choose, say, say_error

_LOOK = "?"


def ask_place(question: str) -> tuple[str, bool]:
    """Return an address as typed, or one that was found and chosen; True for the latter.

    A found address is an unverified claim: no stored password may be sent there.
    """
    while True:
        typed = ask(question, _parse)
        if typed != _LOOK:
            return typed, False
        chosen = _choose()
        if chosen is not None:
            return chosen.url, True


def _parse(text: str) -> None:
    if text != _LOOK:
        CameraAddress.parse(text)


def _choose() -> FoundDevice | None:
    """Search for cameras and let the user choose one; None if there is none, or another one is meant."""
    say(f"Looking for cameras for {WAIT_S:g} s; no password is sent.")
    found = search(WAIT_S)
    if not found.devices:
        say_error(not_found(found, WAIT_S))
        return None
    shown = [f"{each.url}  {describe(each)}{''.join(f'; {note}' for note in each.notes)}" for each in found.devices]
    number = choose("Number of the camera", [*shown, "none of these: type its address"])[0]
    if number == len(found.devices):
        return None
    say(f"Note: {UNPROVEN}.")
    return found.devices[number]
