"""Resolve the options of each receiver and camera of an inventory (pure), and detect conflicts.

The command line overrides a camera's table, which overrides its receiver's, which overrides [defaults].
"""

from collections.abc import Iterable, Mapping
from typing import Any

from receiver_setup.camera.settings.upload_options import read_upload_options
from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory.keys import KEYS, SSH_ONLY, TLS_ONLY, UPLOADS
from receiver_setup.inventory.model import (
    CameraEntry,
    Inventory,
    Password,
    ReceiverEntry,
    ResolvedCamera,
    ResolvedReceiver,
    Value,
)
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.plan.wanted import account_name, clean_name

_USER = "ipcamera"


def resolve(inventory: Inventory, given: Mapping[str, Any] | None = None) -> tuple[ResolvedReceiver, ...]:
    """Return all receivers with their options; `given` are the options of the command line.

    ConfigurationError for conflicting names, addresses and accounts, and for contradictory options.
    """
    options = given or {}
    receivers = tuple(_resolve_receiver(inventory, each, options) for each in inventory.receivers)
    _refuse_idle(receivers, options)
    _refuse_same_account(inventory, receivers)
    _refuse_same_camera(inventory, receivers)
    return receivers


def _resolve_receiver(inventory: Inventory, entry: ReceiverEntry, given: Mapping[str, Any]) -> ResolvedReceiver:
    levels = [inventory.defaults.options, entry.own.options]
    options = _merge([*levels, given])
    if entry.address is None:
        options = {name: value for name, value in options.items() if name not in SSH_ONLY}
    _refuse_same_name(entry, isolated=bool(options.get("isolate")), user=str(options.get("user", _USER)))
    return ResolvedReceiver(
        name=entry.name,
        address=entry.address,
        options=options,
        passwords={**inventory.defaults.passwords, **entry.own.passwords},
        cameras=tuple(_resolve_camera(inventory, entry, camera, given) for camera in entry.cameras),
        alone=len(entry.cameras) == 1,
    )


def _resolve_camera(
    inventory: Inventory, receiver: ReceiverEntry, entry: CameraEntry, given: Mapping[str, Any]
) -> ResolvedCamera:
    above = [inventory.defaults.options, receiver.own.options]
    options = {
        name: value for name, value in _merge([*above, entry.own.options, given]).items() if KEYS[name].of_camera
    }
    if entry.address.scheme != "https":
        options = {name: value for name, value in options.items() if name not in TLS_ONLY}
    try:
        read_upload_options(options)
        _check_tls(options)
    except ConfigurationError as error:
        raise ConfigurationError(f"{entry.own.place}: {error.message}", hint=error.hint) from error
    shared = _merge([*above, given])
    password = Password.CAMERA
    return ResolvedCamera(
        name=entry.name,
        clean=clean_name(entry.name),
        address=entry.address,
        options=options,
        password=entry.own.passwords.get(password)
        or receiver.own.passwords.get(password)
        or inventory.defaults.passwords.get(password),
        has_upload_options=any(options.get(name) != shared.get(name) for name in UPLOADS),
    )


def _merge(levels: Iterable[Mapping[str, Any]]) -> dict[str, Value]:
    """Merge options; later levels take precedence. One way to check a certificate replaces another."""
    merged: dict[str, Value] = {}
    for level in levels:
        if "upload" in level and level["upload"] is None:
            # The interval of the level above applies to uploads that are not made here.
            merged["interval"] = None
        if any(level.get(name) for name in TLS_ONLY):
            merged = {name: value for name, value in merged.items() if name not in TLS_ONLY}
        merged |= {name: value for name, value in level.items() if name in KEYS}
    return merged


def _check_tls(options: Mapping[str, Any]) -> None:
    given = [name for name in TLS_ONLY if options.get(name)]
    if len(given) > 1:
        raise ConfigurationError(f"{' and '.join(given)} cannot be combined for a certificate", hint="leave one out")


# ---- conflicts


def _refuse_same_name(entry: ReceiverEntry, *, isolated: bool, user: str) -> None:
    """Refuse cameras of one receiver with the same folder or account."""
    folders: dict[str, str] = {}
    accounts: dict[str, str] = {}
    for camera in entry.cameras:
        folder = clean_name(camera.name)
        if (other := folders.setdefault(folder.lower(), camera.name)) != camera.name:
            raise ConfigurationError(
                f"{camera.own.place}: name: its folder would be {folder!r}, the same as for {other!r}",
                hint="give them names that differ in letters, digits, . _ or -, and not only in upper and lower case",
            )
        if not isolated:
            continue
        try:
            account = account_name(user, camera.name)
        except ConfigurationError as error:
            raise ConfigurationError(f"{camera.own.place}: name: {error.message}", hint=error.hint) from error
        if (other := accounts.setdefault(account, camera.name)) != camera.name:
            raise ConfigurationError(
                f"{camera.own.place}: name: its account would be {account}, the same as for {other!r}",
                hint="give them names that differ in the letters a-z, digits, _ or -",
            )


def _refuse_same_account(inventory: Inventory, receivers: tuple[ResolvedReceiver, ...]) -> None:
    seen: dict[tuple[object, ...], str] = {}
    for entry, receiver in zip(inventory.receivers, receivers, strict=True):
        address = None if receiver.address is None else ReceiverAddress.parse(receiver.address)
        user = receiver.options.get("user", _USER)
        account = (address and (address.host.lower(), address.port), user)
        if (other := seen.setdefault(account, receiver.name)) != receiver.name:
            raise ConfigurationError(
                f"{entry.own.place}: it is the same account {user} as for {other!r}",
                hint=f"give its cameras to {other!r}, or give it another user",
            )


def _refuse_same_camera(inventory: Inventory, receivers: tuple[ResolvedReceiver, ...]) -> None:
    """Refuse duplicate cameras; behind two receivers the same address may be two cameras."""
    seen: dict[tuple[str, str], str] = {}
    for entry, receiver in zip(inventory.receivers, receivers, strict=True):
        network = receiver.name if receiver.options.get("camera_via_receiver") else ""
        for camera in entry.cameras:
            place = camera.address.url.partition("://")[2].lower()
            if (other := seen.setdefault((network, place), camera.name)) != camera.name:
                raise ConfigurationError(
                    f"{camera.own.place}: address: {camera.address.display} is the camera {other!r} already",
                    hint="give each camera once",
                )


def _refuse_idle(receivers: tuple[ResolvedReceiver, ...], given: Mapping[str, Any]) -> None:
    """Refuse options of the command line that do not apply to any receiver or camera."""
    for name in SSH_ONLY:
        if given.get(name) and all(receiver.address is None for receiver in receivers):
            raise ConfigurationError(
                f"--{name.replace('_', '-')} is for a receiver that is reached by SSH, and the inventory has none",
                hint="leave it out",
            )
    cameras = [camera for receiver in receivers for camera in receiver.cameras]
    for name in TLS_ONLY:
        if given.get(name) and all(camera.address.scheme != "https" for camera in cameras):
            raise ConfigurationError(
                f"--{name.replace('_', '-')} is for a camera that is given as https://…, and the inventory has none",
                hint="leave it out",
            )
