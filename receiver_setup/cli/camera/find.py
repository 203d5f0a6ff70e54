"""`receiver-setup camera find`: cameras on this machine's networks."""

from collections.abc import Mapping
from typing import Any

import click

from receiver_setup.camera.discovery.merging import FoundDevice
from receiver_setup.camera.discovery.search import Search, search
from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.cli.camera.outcome import Outcome, finish, render_table, tell
from receiver_setup.cli.inputs.clients import check_receiver_options, check_run_options
from receiver_setup.cli.inputs.options import find_options
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.errors import CameraNotFoundError, ConfigurationError
from receiver_setup.process.interrupts import endings_interrupt

WAIT_S = 3.0
UNPROVEN = (
    "these answers are not verified: anyone on the network can send them. Compare an address with the router's list "
    "before you type a password for it"
)
_NOT_ASKED_FOR = {
    "cameras": (), "directory": "recordings", "home": None, "isolate": False, "jobs": None, "receiver_address": None,
    "camera_via_receiver": False,
}  # fmt: skip
"""Options that reading a receiver's record does not need."""


@click.command(name="find", short_help="Find cameras on this machine's networks.")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0.5, max=60),
    default=WAIT_S,
    show_default=True,
    metavar="S",
    help="Seconds to wait for answers.",
)
@find_options
def find(**options: Any) -> int:
    """Find the cameras that answer on this machine's networks; sends no password anywhere.

    It asks by WS-Discovery, on every network interface, by IPv4 and IPv6. Every ONVIF device answers that, not
    only INSTAR's. With --receiver or --local it shows which addresses are set up on that receiver.
    """
    outcome = _begin(options)
    with endings_interrupt():
        found = search(options["wait_s"])
        outcome.details |= {"asked": list(found.asked), "wait_s": options["wait_s"], "cameras": []}
        if not found.devices:
            raise not_found(found, options["wait_s"])
        known = _read_known(options) if options["receiver"] or options["local"] else None
    outcome.details["cameras"] = [_as_json(device, known) for device in found.devices]
    code = finish(outcome, render_table([_row(device, known) for device in found.devices]))
    if found.more:
        tell(outcome, "more devices answered than are shown")
    tell(outcome, UNPROVEN)
    return code


def not_found(found: Search, wait_s: float) -> CameraNotFoundError:
    """Return the error for a search without an answer: the interfaces searched, and what to do."""
    if not found.asked:
        return CameraNotFoundError(
            "no camera was found: this machine has no network to search",
            hint="connect it to the camera's network, or give the camera's address with --camera",
        )
    return CameraNotFoundError(
        f"no camera was found: nothing answered within {wait_s:g} s on {', '.join(found.asked)}",
        hint="give its address instead (--camera), as the router's list of devices shows it; a camera answers only "
        "in its own network and with ONVIF switched on, and a firewall on this machine may drop the answer "
        "(UDP from port 3702)",
    )


def describe(device: FoundDevice) -> str:
    """Describe a device by its own claims, in a few words."""
    said = [word for word in dict.fromkeys((device.name, device.model)) if word]
    return ", ".join(said) or "no description"


def _begin(options: dict[str, Any]) -> Outcome:
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    outcome = click.get_current_context().find_object(Outcome) or Outcome()
    outcome.as_json, outcome.quiet = options["as_json"], options["quiet"]
    check_run_options(options)
    if options["receiver"] and options["local"]:
        raise ConfigurationError("--receiver and --local contradict each other", hint="leave one of the two out")
    if options["receiver"] or options["local"]:
        check_receiver_options(options | _NOT_ASKED_FOR)
    return outcome


def _read_known(options: dict[str, Any]) -> Mapping[str, str]:
    """Return the addresses in the receiver's record, each with its camera's name."""
    from receiver_setup.cli.inputs.carriers import open_carriers  # noqa: PLC0415 - loads the SSH library
    from receiver_setup.cli.inputs.run_targets import RunTarget  # noqa: PLC0415 - as above
    from receiver_setup.receiver.apply.session import ReceiverSession  # noqa: PLC0415 - as above
    from receiver_setup.receiver.plan.wanted import Look, Wanted, check_user  # noqa: PLC0415 - as above

    user = check_user(options["user"])
    run_target = RunTarget(options={**options, **_NOT_ASKED_FOR}, cameras=())
    with open_carriers([run_target], begin=True) as (carrier,):
        wanted = Wanted(user=user, home=f"/home/{user}", directory="recordings", slots=())
        (facts,) = ReceiverSession(carrier.shell).read_facts([wanted], routes=(), look=Look.STATUS, aside=True)
    known = {}
    for name, record in facts.ledger.cameras.items():
        if record.address is not None:
            known[CameraAddress.parse(record.address).host] = name
    return known


def _named(device: FoundDevice, known: Mapping[str, str]) -> str | None:
    return next((known[each] for each in (device.address, *device.others) if each in known), None)


def _row(device: FoundDevice, known: Mapping[str, str] | None) -> tuple[str, ...]:
    told = [f"on {' and '.join(device.interfaces)}", *device.notes]
    if device.others:
        told.append(f"also {', '.join(device.others)}")
    if known is not None:
        name = _named(device, known)
        told.append("not set up there" if name is None else f"this address is set up there as {name}")
    return device.url, describe(device), "; ".join(told)


def _as_json(device: FoundDevice, known: Mapping[str, str] | None) -> dict[str, Any]:
    name = None if known is None else _named(device, known)
    return {
        "address": device.url,
        "addresses": [device.address, *device.others],
        "interfaces": list(device.interfaces),
        "name": device.name,
        "model": device.model,
        "endpoint": device.endpoint or None,
        "services": list(device.services),
        "notes": list(device.notes),
        "proven": False,
        "set_up": None if known is None else {"here": name is not None, "name": name},
    }
