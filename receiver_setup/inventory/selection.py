"""Select the cameras of an inventory for a run (pure): by name, and by the result of an earlier run."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory.model import ResolvedCamera, ResolvedReceiver
from receiver_setup.inventory.reader import suggest

Proven = Collection[tuple[str, str]]
"""A proven camera: the name, or else the address, of its receiver, and its own address."""


def select(
    receivers: Sequence[ResolvedReceiver], *, only: Collection[str] = (), proven: Proven = ()
) -> tuple[ResolvedReceiver, ...]:
    """Return the cameras that are named, or whose receiver is named, without the proven ones; may be empty.

    ConfigurationError for a name that is neither.
    """
    hosts = Counter(receiver.host for receiver in receivers)
    names = {receiver.name for receiver in receivers}
    names |= {camera.name for receiver in receivers for camera in receiver.cameras}
    for name in only:
        if name not in names:
            raise ConfigurationError(
                f"--only: the inventory has neither a camera nor a receiver {name!r}", hint=suggest(name, names)
            )

    def chosen(receiver: ResolvedReceiver, camera: ResolvedCamera) -> bool:
        named = not only or camera.name in only or receiver.name in only
        # Several receivers may have the same address with different ports.
        called = {receiver.name, receiver.host} if hosts[receiver.host] == 1 else {receiver.name}
        return named and not any((name, camera.address.display) in proven for name in called)

    return tuple(share for receiver in receivers if (share := _share(receiver, chosen)) is not None)


def _share(
    receiver: ResolvedReceiver, chosen: Callable[[ResolvedReceiver, ResolvedCamera], bool]
) -> ResolvedReceiver | None:
    cameras = tuple(camera for camera in receiver.cameras if chosen(receiver, camera))
    whole = receiver.whole and len(cameras) == len(receiver.cameras)
    return replace(receiver, cameras=cameras, whole=whole) if cameras else None


def parse_proven(text: str) -> frozenset[tuple[str, str]]:
    """Return the proven cameras of a receipt or of a `--json` output; ValueError for other texts.

    >>> parse_proven('{"check": false, "receivers": []}')
    frozenset()
    """
    try:
        whole = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(whole, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - one error for all invalid texts
    if "version" in whole:
        from receiver_setup.receipt import parse_receipt  # noqa: PLC0415 - loads the library for keys

        receipt = parse_receipt(text)
        return frozenset(
            (r.address, camera.address) for r in receipt.receivers for camera in r.cameras if camera.proven
        )
    if whole.get("check") is not False:
        raise ValueError("it is from --check, which proves nothing" if "check" in whole else "it has no receivers")
    return frozenset(_proven_in(whole))


def _proven_in(whole: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for receiver in _objects(whole, "receivers"):
        for camera in _objects(receiver, "cameras"):
            test = camera.get("test")
            tested = isinstance(test, dict) and test.get("result") == 0
            if camera.get("ok") is True and receiver.get("error") is None and tested:
                found.append((str(receiver.get("name") or receiver.get("address")), str(camera.get("address"))))
    return found


def _objects(whole: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = whole.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"its {name} are not a list")
    return value
