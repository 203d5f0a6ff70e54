"""The questions when this machine is the receiver: camera, address, disk, uploads. Each returns options."""

import os
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from receiver_setup.camera.wire.address import DEFAULT_USER, CameraAddress
from receiver_setup.camera.wire.codes import ResponseCode
from receiver_setup.camera.wire.connection import Tls
from receiver_setup.camera.wire.login import check_length
from receiver_setup.cli.guided.disk_choice import Place, render_room
from receiver_setup.cli.guided.finding import ask_place
from receiver_setup.cli.guided.here import find_route, read_account, read_own_addresses, read_places
from receiver_setup.cli.guided.probe import probe, unknown_certificate
from receiver_setup.cli.guided.questions import ask, ask_hidden, choose, confirm, say, say_error
from receiver_setup.cli.inputs.secrets import read_secret
from receiver_setup.cli.output.next_commands import spell_camera
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import (
    CameraError,
    CameraLoginError,
    CameraReplyError,
    CameraResponseError,
    CameraUnreachableError,
    ConfigurationError,
)
from receiver_setup.receiver.plan.wanted import check_user
from receiver_setup.report import UPLOADS
from receiver_setup.secrets import Secret

_VARIABLE = "RECEIVER_SETUP_CAMERA_PASSWORD"
_TRIES = 3
"""Wrong passwords before giving up: a camera blocks a sender of more."""


def ask_camera(options: dict[str, Any]) -> dict[str, Any]:
    """Ask for camera, user and password until the camera accepts them; the camera is only read."""
    while True:
        typed, found = ask_place("The camera's address, or ? to look for it (as in the browser: 192.168.2.168)")
        address = CameraAddress.parse(typed)
        try:
            say(probe(address))
            certificate = _ask_for_certificate(address, options)
        except (CameraReplyError, CameraUnreachableError, OSError) as error:
            say_error(error) if isinstance(error, CameraError) else say(f"no certificate could be read: {error}")
            continue
        if "@" not in typed:
            address = replace(address, user=ask("The camera's user", _parse_user, default=DEFAULT_USER))
        tried = options | {"cameras": (spell_camera(address),)} | certificate
        try:
            return tried | _ask_for_password(address, tried, found=found)
        except (CameraLoginError, CameraResponseError):
            raise
        except CameraError as error:
            say_error(error)


def _parse_user(text: str) -> None:
    check_length(CameraAddress.parse(f"{quote(text, safe='')}@camera"), None)


def _ask_for_certificate(address: CameraAddress, options: dict[str, Any]) -> dict[str, Any]:
    """Show an untrusted certificate; once confirmed, only this one is accepted."""
    given = options["camera_ca_file"] or options["camera_fingerprint"] or options["camera_insecure"]
    if address.scheme != "https" or given or (digits := unknown_certificate(address)) is None:
        return {}
    shown = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)).upper()
    say(f"Its certificate is not signed by an authority that this machine trusts; its SHA-256 is\n  {shown}")
    if not confirm("Is it the camera's own (as the browser shows it)?", default=False):
        raise CameraUnreachableError("no password is sent there", hint="give another address")
    return {"camera_fingerprint": digits}


def ask_new_password(address: CameraAddress) -> Secret | None:
    """Ask for the password for an address, even if one is stored."""
    return _keep(ask_hidden(f"Password of {address.user} on the camera {address.display}"), address)


def _ask_for_password(address: CameraAddress, options: dict[str, Any], *, found: bool) -> dict[str, Any]:
    """Return the password that the camera accepted; a wrong one is never sent twice, and only a few are sent.

    A stored password is sent only to a typed address, never to one that was `found`.
    """
    stored = not found and bool(options["camera_password_file"] or os.environ.get(_VARIABLE))
    if address.password is not None or stored:
        given = _keep(address.password.reveal(), address) if address.password is not None else None
        given = given or read_secret(options["camera_password_file"], _VARIABLE, question=None, user=address.user)
        return _try_login(address, given, options)
    check_length(address, None)
    refused: set[str] = set()
    while True:
        text = ask_hidden(f"Password of {address.user} on the camera {address.display}")
        if text in refused:
            say("this password was just refused; it is not sent again")
            continue
        secret = _keep(text, address)
        try:
            check_length(address, secret)
        except ConfigurationError as error:
            say_error(error)
            continue
        try:
            return _try_login(address, secret, options)
        except CameraLoginError as error:
            last: CameraError = error
        except CameraResponseError as error:
            if error.code != ResponseCode.NO_PERMISSION:
                raise
            last = error
        refused.add(text)
        if len(refused) == _TRIES:
            raise last
        say_error(last)


def _keep(text: str, address: CameraAddress) -> Secret | None:
    if not text:
        return None
    secret = Secret(text)
    redact.add(secret, user=address.user)
    return secret


def _try_login(address: CameraAddress, password: Secret | None, options: dict[str, Any]) -> dict[str, Any]:
    """Read the camera's upload settings; return the login that worked."""
    from receiver_setup.camera.client import Camera  # noqa: PLC0415 - loads the HTTP library
    from receiver_setup.camera.messages import GetFtpAttr  # noqa: PLC0415
    from receiver_setup.camera.wire.login import Login  # noqa: PLC0415

    tls = Tls()
    if address.scheme == "https":
        tls = Tls(
            ca_file=options["camera_ca_file"],
            fingerprint=options["camera_fingerprint"],
            insecure=options["camera_insecure"],
        )
    login = Login(options["camera_login"])
    with Camera(address, password, tls=tls, timeout_s=options["timeout"], login=login) as camera:
        now = camera.send(GetFtpAttr())
        say(
            f"Signed in. The camera uploads to {now.server} now."
            if now.server
            else "Signed in. It uploads nowhere yet."
        )
        # Keep the login that was found, unless it is the one tried first anyway.
        way = camera.login.value if camera.login is not Login.BASIC else options["camera_login"]
    return {"camera_password": password, "camera_login": way}


def ask_address(options: dict[str, Any]) -> dict[str, Any]:
    """Show what the camera will dial; ask only if this machine has several addresses in the camera's network."""
    route = find_route(CameraAddress.parse(options["cameras"][0]).host)
    if options["receiver_address"] or route is None:
        return {}
    camera, own = route
    there = read_own_addresses(camera)
    usual = next((each for each in there if each.address == own), None)
    others = [each for each in there if each.address != own]
    chosen, lent = own, usual is not None and usual.dynamic
    if usual is not None and others:
        say("This machine has several addresses in the camera's network:")
        offered = [usual, *others]
        number = choose(
            "Number of the address that the camera should dial", [f"{e.address} on {e.interface}" for e in offered]
        )[0]
        chosen, lent = offered[number].address, offered[number].dynamic
    say(f"The camera will upload to this machine's address {chosen}.")
    if lent:
        say("  It was assigned by DHCP: reserve it in the router, or uploads will fail when it changes.")
    return {} if chosen == own else {"receiver_address": chosen}


def ask_account(options: dict[str, Any]) -> dict[str, Any]:
    """Ask on which disk to keep the recordings, if there is a choice."""
    user, directory = check_user(options["user"]), options["directory"]
    if options["home"] or not options["jail"]:
        return {}
    account = read_account(user)
    if account is not None:
        say(f"The upload user {user} exists already; its recordings stay in {account.home}/{directory}.")
        return {"home": account.home, "jail": account.jail}
    places = read_places(user)
    while places:
        place = places[0]
        if len(places) > 1:
            say("Where should the recordings be kept?")
            place = places[choose("Number of the disk", [_line(each) for each in places])[0]]
        else:
            say(f"The recordings will be kept in {place.home}/{directory} ({render_room(place.look.free_kib)} free).")
        for note in place.notes:
            say(f"  Note: {note}.")
        if not place.no_jail:
            return {"home": place.home}
        say(f"  No jail is possible there: {place.no_jail}.")
        say(f"  To have one: {place.remedy}; then start again.")
        if confirm("Keep them there without a jail?", default=False):
            return {"home": place.home, "jail": False}
        if len(places) == 1:
            break
    return {}


def _line(place: Place) -> str:
    volume, look = place.volume, place.look
    kind = f"{volume.kind}, USB" if look.usb else volume.kind
    room = f"{render_room(look.free_kib)} of {render_room(look.size_kib)} free"
    return f"{place.home:<24} {room}, {kind}{', no jail possible' if place.no_jail else ''}"


def ask_uploads(options: dict[str, Any]) -> dict[str, Any]:
    """Ask what the camera should upload."""
    if options["upload"] is not None:
        return {}
    kinds = list(UPLOADS)
    say("What should the camera upload?")
    chosen = choose("Numbers, with commas", [*UPLOADS.values(), "nothing for now"], several=True)
    if len(kinds) in chosen:
        return {}
    return {"upload": ",".join(kinds[number] for number in sorted(set(chosen)))}
