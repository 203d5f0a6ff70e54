"""The receivers and cameras of a run, from the command line or from an inventory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.cli.inputs.clients import (
    check_camera_options,
    check_local,
    check_receiver_options,
    check_run_options,
    refuse_options,
    require_file,
)
from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.plan.wanted import clean_name

if TYPE_CHECKING:
    from receiver_setup.inventory import Password, ResolvedCamera, ResolvedReceiver, SecretSource

UPLOAD_OPTIONS = ("upload", "interval", "snapshots", "schedule")
"""Options of `setup` about what a camera uploads."""
_NO_TLS = {"camera_ca_file": None, "camera_fingerprint": None, "camera_insecure": False}
_OF_INVENTORIES = ("only", "failed_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraTarget:
    """One camera of a run, with its options; `name` is safe in paths, `shown` is for display."""

    name: str
    shown: str
    address: CameraAddress
    options: dict[str, Any]
    password: "SecretSource | None" = None
    has_upload_options: bool = False
    """True if it has its own options about what it uploads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTarget:
    """One receiver of a run; `options` are those of an equivalent command line for this receiver."""

    name: str | None = None
    """Its name in the inventory; None without one."""
    options: dict[str, Any]
    cameras: tuple[CameraTarget, ...]
    passwords: "Mapping[Password, SecretSource]" = field(default_factory=dict)
    alone: bool | None = None
    """Whether it has one camera in the whole inventory; None: count the cameras of the run."""
    selected: tuple[str, ...] = ()
    """The values of `--only` that choose this receiver again; empty if it is the whole inventory."""
    given: frozenset[str] = frozenset()
    """Options that were given on the command line in addition to an inventory."""

    def password(self, whose: str) -> "SecretSource | None":
        """Return the inventory's source of the password for `SSH` or `SUDO`."""
        if not self.passwords:
            return None
        from receiver_setup.inventory import Password  # noqa: PLC0415 - only with an inventory

        return self.passwords.get(Password[whose])


def check_targets(options: dict[str, Any], *, cameras: bool = True) -> tuple[RunTarget, ...]:
    """Refuse invalid options before anything is contacted; return the receivers of the run.

    None remain if an earlier run has proven all. `cameras`: at least one is required.
    """
    if options["inventory"] is not None:
        return _from_inventory(options)
    refuse_options(options, _OF_INVENTORIES, "chooses from an inventory, and no --inventory was given")
    check_receiver_options(options)
    if cameras and not options["cameras"]:
        raise ConfigurationError("no camera was given", hint="give --camera [http[s]://][USER@]HOST[:PORT]")
    check_camera_options(options, options["cameras"])
    addresses = [CameraAddress.parse(text) for text in options["cameras"]]
    names = [clean_name(address.url.partition("://")[2]) for address in addresses]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"the camera {name} was given twice", hint="give each camera once")
    found = (
        CameraTarget(name=name, shown=name, address=address, options=options)
        for name, address in zip(names, addresses, strict=True)
    )
    return (RunTarget(options=options, cameras=tuple(found)),)


def _from_inventory(options: dict[str, Any]) -> tuple[RunTarget, ...]:
    from receiver_setup.cli.inputs.inventory_file import check_files, read_inventory, read_proven  # noqa: PLC0415 - slow
    from receiver_setup.inventory import resolve, select  # noqa: PLC0415

    for name, value in (("receiver", "receiver"), ("local", "local"), ("camera", "cameras")):
        if options[value]:
            raise ConfigurationError(
                f"--{name} and --inventory contradict each other: the inventory names receivers and cameras",
                hint="leave one of the two out; --only NAME chooses from the inventory",
            )
    check_run_options(options)
    for name in ("identity", "ssh_config", "camera_ca_file"):
        require_file(options, name)
    given = {name: options[name] for name in options if _is_given(name)}
    inventory = read_inventory(options["inventory"])
    receivers = resolve(inventory, given)
    chosen = select(receivers, only=options["only"], proven=read_proven(options["failed_from"]))
    check_files(inventory, chosen, given)
    if any(receiver.address is None for receiver in chosen):
        check_local()
    if options.get("receipt") is not None:
        _refuse_same_host(chosen)
    if not chosen and not options["quiet"]:
        click.echo("nothing to do: all of these cameras are proven already", err=True)
    several = len(receivers) > 1
    return tuple(_make_target(receiver, options, frozenset(given), several=several) for receiver in chosen)


def _refuse_same_host(receivers: "Sequence[ResolvedReceiver]") -> None:
    """Refuse receivers that a receipt could not distinguish, because it contains no ports."""
    accounts = [(receiver.host, receiver.options.get("user")) for receiver in receivers]
    for receiver, account in zip(receivers, accounts, strict=True):
        if accounts.count(account) > 1:
            raise ConfigurationError(
                f"--receipt: {receiver.name} and another receiver differ only in their ports, which a receipt does not "
                "contain",
                hint=f"write a separate receipt for each: --only {receiver.name}",
            )


def _is_given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def _make_target(
    receiver: "ResolvedReceiver", options: dict[str, Any], given: frozenset[str], *, several: bool
) -> RunTarget:
    own: dict[str, Any] = {name: value for name, value in receiver.options.items() if name in options}
    if not own.get("upload") and "interval" in own:
        # It applies to cameras with their own upload options.
        own["interval"] = None
    addresses = tuple(camera.address.display for camera in receiver.cameras)
    target = {"receiver": receiver.address, "local": receiver.address is None, "cameras": addresses}
    merged = options | own | target
    selected: tuple[str, ...] = (receiver.name,) if several else ()
    if not receiver.whole:
        selected = tuple(camera.name for camera in receiver.cameras)
    return RunTarget(
        name=receiver.name,
        options=merged,
        cameras=tuple(_camera(camera, merged) for camera in receiver.cameras),
        passwords=receiver.passwords,
        alone=receiver.alone,
        selected=selected,
        given=given,
    )


def _camera(camera: "ResolvedCamera", options: dict[str, Any]) -> CameraTarget:
    own = {name: value for name, value in camera.options.items() if name in options}
    return CameraTarget(
        name=camera.clean,
        shown=camera.name,
        address=camera.address,
        options=options | _NO_TLS | own,
        password=camera.password,
        has_upload_options=camera.has_upload_options,
    )
