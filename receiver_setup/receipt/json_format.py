"""A receipt as JSON (pure), with a strict parser. The format is described in docs/receipt.md."""

import json
import re
from datetime import datetime
from typing import Any

from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.receipt.model import (
    VERSION,
    CameraReceipt,
    Problem,
    Proof,
    Receipt,
    ReceiptFormatError,
    ReceiverReceipt,
)
from receiver_setup.receipt.strict import Item
from receiver_setup.report import UPLOADS, Commands

_LONGEST = 16 * 1024 * 1024
"""Characters; 200 cameras need a thirtieth of this."""
_LARGEST = 2**63 - 1
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_AUTHS = ("publickey", "password")


def render_json(receipt: Receipt) -> str:
    """Render a receipt as JSON; `parse_receipt` reads it back."""
    whole = {
        "version": VERSION,
        "tool": receipt.tool,
        "made_at": receipt.made_at.isoformat().replace("+00:00", "Z"),
        "receivers": [_receiver_as_json(receiver) for receiver in receipt.receivers],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def parse_receipt(text: str) -> Receipt:
    """Parse a receipt; `ReceiptFormatError` for another version, and for anything missing, unknown or of another type.

    >>> parse_receipt('{"version": 2}')
    Traceback (most recent call last):
    ...
    receiver_setup.receipt.model.ReceiptFormatError: the receipt has version 2, but this release reads only version 1
    """
    whole = Item(_load(text), "the receipt")
    if not whole.has("version"):
        raise ReceiptFormatError("this is not a receipt: it has no version")
    version = whole.integer("version", -_LARGEST, _LARGEST)
    if version != VERSION:
        raise ReceiptFormatError(f"the receipt has version {version}, but this release reads only version {VERSION}")
    receipt = Receipt(
        tool=whole.text("tool"),
        made_at=_parse_time(whole),
        receivers=tuple(_parse_receiver(each) for each in whole.items("receivers")),
    )
    whole.end()
    accounts = [(receiver.address, receiver.user) for receiver in receipt.receivers]
    if len(set(accounts)) < len(accounts):
        raise ReceiptFormatError("the receipt contains the same user of the same receiver twice")
    return receipt


# ---- writing


def _receiver_as_json(receiver: ReceiverReceipt) -> dict[str, Any]:
    commands = receiver.commands
    return {
        "address": receiver.address,
        "user": receiver.user,
        "home": receiver.home,
        "directory": receiver.directory,
        "jail": receiver.jail,
        "host_keys": [_key_as_json(key) for key in receiver.host_keys],
        "cameras": [_camera_as_json(camera) for camera in receiver.cameras],
        "commands": commands and {"verify": commands.verify, "remove": commands.remove},
    }


def _camera_as_json(camera: CameraReceipt) -> dict[str, Any]:
    proof, error = camera.proof, camera.error
    return {
        "name": camera.name,
        "address": camera.address,
        **({} if camera.user is None else {"user": camera.user}),
        "directory": camera.directory,
        "server": camera.server,
        "port": camera.port,
        "auth": camera.auth,
        "signature": camera.signature,
        "public_key": camera.public_key and _key_as_json(camera.public_key),
        "host_key": camera.host_key and _key_as_json(camera.host_key),
        "host_key_verified": camera.host_key_verified,
        "uploads": None if camera.uploads is None else list(camera.uploads),
        "proof": proof and {"result": proof.result, "file": proof.file, "bytes": proof.bytes},
        "warnings": list(camera.warnings),
        "error": error
        and {"kind": error.kind, "message": error.message, "hint": error.hint, "exit_code": error.exit_code},
    }


def _key_as_json(key: PublicKey) -> dict[str, Any]:
    return {"type": key.type, "bits": key.bits, "fingerprint": key.fingerprint, "line": key.line}


# ---- reading


def _load(text: str) -> Any:
    if len(text) > _LONGEST:
        raise ReceiptFormatError("this is not a receipt: it is too long")
    try:
        return json.loads(text, object_pairs_hook=_no_name_twice, parse_constant=_no_constant)
    except ReceiptFormatError:
        raise
    except RecursionError:
        raise ReceiptFormatError("this is not a receipt: it is nested too deeply") from None
    except ValueError as error:
        raise ReceiptFormatError(f"this is not a receipt: it is not JSON: {error}") from error


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ReceiptFormatError("this is not a receipt: an object has a duplicate name")
    return found


def _no_constant(name: str) -> Any:
    raise ReceiptFormatError(f"this is not a receipt: it is not JSON: {name} is not a number")


def _parse_time(whole: Item) -> datetime:
    text = whole.text("made_at")
    try:
        if _TIME.fullmatch(text) and "T24:" not in text:  # Python 3.13 and newer accept 24:00 as the next day's 00:00
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise whole.wrong("made_at", "is not a time in UTC such as 2026-01-31T12:00:00Z")


def _parse_receiver(item: Item) -> ReceiverReceipt:
    receiver = ReceiverReceipt(
        address=item.text("address"),
        user=item.text("user"),
        home=item.text_or_none("home"),
        directory=item.text_or_none("directory"),
        jail=item.boolean_or_none("jail"),
        host_keys=tuple(_parse_key(each) for each in item.items("host_keys")),
        cameras=tuple(_parse_camera(each) for each in item.items("cameras")),
        commands=_parse_commands(item.item_or_none("commands")),
    )
    item.end()
    names = [camera.name for camera in receiver.cameras]
    if len(set(names)) < len(names):
        raise item.wrong("cameras", "contains a camera twice")
    return receiver


def _parse_camera(item: Item) -> CameraReceipt:
    public_key, host_key = item.item_or_none("public_key"), item.item_or_none("host_key")
    camera = CameraReceipt(
        name=item.text("name"),
        address=item.text("address"),
        user=item.text("user") if item.has("user") else None,
        directory=item.text_or_none("directory"),
        server=item.text_or_none("server"),
        port=item.integer_or_none("port", 1, 65535),
        auth=item.text_or_none("auth"),
        signature=item.text_or_none("signature"),
        public_key=None if public_key is None else _parse_key(public_key),
        host_key=None if host_key is None else _parse_key(host_key),
        host_key_verified=item.boolean_or_none("host_key_verified"),
        uploads=item.texts_or_none("uploads"),
        proof=_parse_proof(item.item_or_none("proof")),
        warnings=item.texts("warnings"),
        error=_parse_problem(item.item_or_none("error")),
    )
    item.end()
    if camera.auth is not None and camera.auth not in _AUTHS:
        raise item.wrong("auth", "is neither publickey nor password")
    if not set(camera.uploads or ()) <= UPLOADS.keys():
        raise item.wrong("uploads", f"contains something other than {', '.join(UPLOADS)}")
    return camera


def _parse_key(item: Item) -> PublicKey:
    line = item.text("line")
    try:
        key = PublicKey.from_line(line)
    except KeyFormatError as error:
        raise item.wrong("line", f"is not a public key: {error}") from error
    said = {
        "type": item.text("type"),
        "bits": item.integer("bits", 0, _LARGEST),
        "fingerprint": item.text("fingerprint"),
        "line": line,
    }
    item.end()
    for name, value in _key_as_json(key).items():
        if said[name] != value:
            raise item.wrong(name, "does not belong to the key in its line")
    return key


def _parse_proof(item: Item | None) -> Proof | None:
    if item is None:
        return None
    proof = Proof(
        result=item.integer_or_none("result", -_LARGEST, _LARGEST),
        file=item.text_or_none("file"),
        bytes=item.integer_or_none("bytes", 0, _LARGEST),
    )
    item.end()
    return proof


def _parse_problem(item: Item | None) -> Problem | None:
    if item is None:
        return None
    problem = Problem(
        kind=item.text("kind"),
        message=item.text("message"),
        hint=item.text("hint"),
        exit_code=item.integer("exit_code", 1, 255),
    )
    item.end()
    return problem


def _parse_commands(item: Item | None) -> Commands | None:
    if item is None:
        return None
    commands = Commands(verify=item.text("verify"), remove=item.text("remove"))
    item.end()
    return commands
