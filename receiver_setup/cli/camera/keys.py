"""`receiver-setup camera test | pubkey | trust`: the test upload, the camera's key, the receiver's host key."""

import sys
from pathlib import Path
from typing import Any

import click

from receiver_setup.camera.messages import TestOutcome
from receiver_setup.camera.messages.host_key import parse_host_key
from receiver_setup.camera.wire.codes import error_for_result, explain_result
from receiver_setup.cli.camera.outcome import finish, key_as_json, render_table, tell
from receiver_setup.cli.camera.session import begin, changing, open_camera
from receiver_setup.cli.inputs.options import camera_options
from receiver_setup.errors import CameraReplyError, CameraTimeoutError, ConfigurationError
from receiver_setup.formats.keys import PublicKey

_LARGEST_FILE = 1_000_000


@click.command(name="test", short_help="Test an upload and report the result.")
@camera_options(changes=False)
def test(**options: Any) -> int:
    """Let the camera upload its test picture; report the result, its cause, and what to do.

    Shows the host key that the camera saw. The receiver is not contacted: `receiver-setup setup` checks both sides.
    """
    outcome = begin(options)
    with open_camera(options) as camera:
        told = camera.test_upload()
    outcome.details |= _test_as_json(told)
    if not told.ok and told.raw_result is not None:
        outcome.error = error_for_result(told.raw_result, str(outcome.address))
    code = 0
    if outcome.error is None or not outcome.as_json:
        code = finish(outcome, _test_lines(told))
    if outcome.error is not None:
        raise outcome.error
    return code


@click.command(name="pubkey", short_help="Print the camera's own public key.")
@camera_options(changes=False)
def pubkey(**options: Any) -> int:
    """Print the camera's own public key as a line for authorized_keys; size and fingerprint on standard error."""
    outcome = begin(options)
    with open_camera(options) as camera:
        key = camera.public_key()
    outcome.details["public_key"] = key_as_json(key)
    tell(outcome, f"{key.type}, {key.bits} bits, {key.fingerprint}")
    return finish(outcome, [key.line])


@click.command(name="trust", short_help="Let it trust a receiver's host key.")
@click.argument("key", nargs=-1, required=True, metavar="KEY|FILE|-")
@camera_options(changes=True)
def trust(**options: Any) -> int:
    """Let the camera trust a receiver's host key from now on.

    KEY is its base64, a line `type base64`, or a known_hosts line; FILE contains one of these; - reads standard input.
    Compare its fingerprint with the receiver's own first. The camera does not report which key it trusts, so the key
    is sent each time.
    """
    outcome = begin(options)
    key = _read_key(options["key"])
    outcome.details["host_key"] = key_as_json(key)
    outcome.details["sent"] = None
    line = f"{key.type}, {key.bits} bits, {key.fingerprint}"
    if outcome.check:
        outcome.changed = True
        return finish(outcome, [f"would send {line}", "nothing was changed: this was a check"])
    with open_camera(options) as camera, changing(outcome, "trusted host key"):
        try:
            told = camera.trust_host_key(key)
        except (CameraTimeoutError, CameraReplyError):
            # It was sent, and may have been taken.
            outcome.changed = True
            raise
    outcome.changed = True
    outcome.details["sent"] = {"cmd": "testftp", "sethost": key.base64}
    if told.raw_result:
        known = explain_result(told.raw_result)
        tell(outcome, f"note: the camera's answer contained the result {known.code} ({known.name}): {known.cause}")
    return finish(outcome, [f"sent {line}", "the camera accepted it; check with `receiver-setup camera test`"])


def _test_as_json(told: TestOutcome) -> dict[str, Any]:
    known = explain_result(told.raw_result or 0)
    return {
        "test": {"result": told.raw_result, "name": known.name, "cause": known.cause, "remedy": known.remedy},
        "host_key": told.host_key and key_as_json(told.host_key),
    }


def _test_lines(told: TestOutcome) -> list[str]:
    known = explain_result(told.raw_result or 0)
    key = told.host_key
    return render_table(
        [
            ("result", f"{known.code} {known.name}"),
            ("cause", known.cause),
            ("remedy", known.remedy),
            ("host key", f"{key.type} {key.fingerprint}" if key else "not reported by the camera"),
        ]
    )


def _read_key(words: tuple[str, ...]) -> PublicKey:
    """Read the key from the arguments, from the file that they name, or from standard input."""
    text = " ".join(words)
    if text == "-":
        return parse_host_key(_decode(sys.stdin.buffer.read(_LARGEST_FILE), "standard input"), source="standard input")
    try:
        is_file = Path(text).is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        return parse_host_key(text)
    try:
        with Path(text).open("rb") as file:
            content = file.read(_LARGEST_FILE)
    except OSError as error:
        raise ConfigurationError(f"cannot read {text}: {error.strerror}") from error
    return parse_host_key(_decode(content, text), source=text)


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{source} is not text", hint="give a public host key, such as a .pub file") from error
