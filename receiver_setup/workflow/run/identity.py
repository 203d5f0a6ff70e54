"""Which of a receiver's cameras each camera of a run is: the one with its key; name and address are labels."""

import ipaddress
from collections.abc import Collection, Mapping, Sequence

from receiver_setup.errors import CameraError, ConfigurationError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.facts.known_cameras import KnownCamera
from receiver_setup.workflow.run.camera_part import CameraPart


def check_given_once(runs: Sequence[CameraPart]) -> None:
    """Raise `ConfigurationError` where two cameras of a command lead to one device."""
    seen: dict[tuple[str, int], CameraPart] = {}
    for run in runs:
        for address in run.addresses():
            first = seen.setdefault((_plain(address), run.camera.address.port), run)
            if first is not run:
                raise ConfigurationError(
                    f"the cameras {first.report.address} and {run.report.address} are one device: both lead to "
                    f"{address}",
                    hint="leave one of them out",
                )


def _plain(address: str) -> str:
    """Return an address without its IPv6 form for IPv4; a name stays as it is.

    >>> _plain("::ffff:192.168.2.168"), _plain("porch.lan")
    ('192.168.2.168', 'porch.lan')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def find_name(key: PublicKey, name: str, known: Mapping[str, KnownCamera]) -> str | None:
    """Return under which name a receiver knows a key, `name` itself if that is one of several; None: it does not."""
    names = [each.name for each in known.values() if each.key == key]
    return name if name in names else next(iter(names), None)


def refuse_shared_keys(runs: Sequence[CameraPart]) -> None:
    """Fail each camera that answers with the key of one before it: whoever has such a camera could sign in."""
    seen: dict[PublicKey, CameraPart] = {}
    for run in runs:
        if run.key is not None and (first := seen.setdefault(run.key, run)) is not run:
            run.fail(shared_key(run, first.name))


def shared_key(run: CameraPart, other: str) -> CameraError:
    """Return why a camera is refused whose key is known as another one's."""
    return CameraError(
        f"the camera {run.report.address} answers with the key that {other} has here: either both are one device, or "
        "all cameras of this model have the same key, and whoever has one could sign in",
        hint=f"if {other} is this camera under its former address, remove it first: `receiver-setup remove` with "
        f"--camera {other}; if they are two, give each an account of its own with --isolate, or let each key in from "
        "its camera's address alone with --pin-source",
    )


def claimed_names(runs: Collection[CameraPart]) -> set[str]:
    """Return the names under which the receiver knew these cameras, and which are not theirs any more."""
    return {run.known_as for run in runs if run.known_as is not None} - {run.name for run in runs}
