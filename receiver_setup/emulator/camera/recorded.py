"""A recording as an emulated camera (pure): its settings, the form of its answers, and the script of its uploads."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Any

from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.recording.fields import find_fields, rewrite
from receiver_setup.recording.format import Recording

_GROUPS = ("ftpactionattr", "snapschedftpattr", "snaptimerftpattr")
_UNKNOWN_CODES = {"203", "204", "301"}
_RSA_BITS = ("1024", "2048", "3072", "4096")
_FOLDER = "recordings"
"""The recorder's name for the folder that a camera uploads to."""
_TEST_FILE = "Test-Snapshot.jpeg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How it uploads: algorithm lists, steps of the login, operations, sizes of writes, end."""

    banner: str
    lists: Mapping[str, tuple[str, ...]]
    known_lists: Mapping[str, tuple[str, ...]] | None
    """The lists when it trusts a host key, if they differ."""
    login: tuple[Mapping[str, Any], ...]
    login_without_key: tuple[Mapping[str, Any], ...]
    window: int
    packet: int
    operations: tuple[Mapping[str, Any], ...]
    sizes: tuple[int, ...]
    disconnect: tuple[int, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recorded camera."""

    profile: Profile
    fields: Mapping[str, str]
    actions: Mapping[str, Mapping[str, str]]
    attributes: Mapping[str, Mapping[str, str]]
    script: Script | None
    """None if the recording has no uploads."""
    answers: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    """Complete exchanges by command."""

    def find(self, command: str, values: Mapping[str, str]) -> Mapping[str, Any] | None:
        """Return the recorded answer with the same code and, for a test, the same result."""
        for each in self.answers.get(command, ()):
            seen = parse_fields(each["body"])
            same_end = (seen.get("result") == "0") == (values.get("result") == "0")
            same_code = seen.get("response", "200") == values.get("response", "200")
            if same_code and same_end and ("result" in seen) == ("result" in values):
                return each
        return None


def read_recorded(recording: Recording) -> Recorded:
    """Return the camera of a recording. Raises ConfigurationError if it lacks upload settings or has invalid values."""
    try:
        return _read(recording)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise ConfigurationError(
            f"the recording contains an invalid value: {error}",
            hint="record the camera again with `receiver-setup camera record`",
        ) from error


def _read(recording: Recording) -> Recorded:
    first = recording.answer("getftpattr")
    if first is None:
        raise ConfigurationError(
            "the recording has no answer to getftpattr, so it cannot be emulated",
            hint="record the camera again with `receiver-setup camera record`",
        )
    answers: dict[str, list[Mapping[str, Any]]] = {}
    for each in recording.http:
        if not each.get("cut"):
            answers.setdefault(str(each["request"].get("command")), []).append(each)
    fields = _settings(first["body"])
    actions = parse_fields(_body(recording, "getftpaction"))
    return Recorded(
        profile=_profile(recording, answers),
        fields=fields,
        actions={
            kind: {
                key: value for key in ("enable", "interval") if (value := actions.get(f"{key}['{kind}']")) is not None
            }
            for kind in ("rec", "snap", "timersnap")
        },
        attributes={group: _settings(_body(recording, f"get{group}")) for group in _GROUPS},
        script=_script(recording),
        answers={command: tuple(found) for command, found in answers.items()},
    )


def parse_fields(body: str) -> dict[str, str]:
    """Return the fields of an answer; the last of duplicates counts."""
    return {each.name: each.value for each in find_fields(body)}


def _settings(body: str) -> dict[str, str]:
    return {name: value for name, value in parse_fields(body).items() if name not in {"cmd", "response"}}


def fill(body: str, values: Mapping[str, str]) -> str:
    r"""Return a recorded answer with other values and unchanged text between them.

    >>> fill('ft_port = "21" ;\r\nresponse="200"', {"ft_port": "22"})
    'ft_port = "22" ;\r\nresponse="200"'
    """
    return rewrite(body, lambda each: values.get(each.name, each.value))


def map_path(path: str, *, home: str, folder: str, name: str) -> str | None:
    """Map a recorded path to another folder and file; None if that is not possible.

    >>> map_path("/recordings/Test-Snapshot.jpeg", home="/srv/a", folder="./b", name="c.jpg")
    '/srv/a/b/c.jpg'
    >>> map_path("recordings/Test-Snapshot.jpeg", home="/", folder="b", name="c.jpg")
    'b/c.jpg'
    """
    if path in {".", "/", ""}:
        return home if path == "/" else path
    rest = path.removeprefix("/").removeprefix("./")
    whole = {_FOLDER: folder, f"{_FOLDER}/{_TEST_FILE}": join(folder, name)}.get(normpath(rest))
    if whole is None:
        return None
    return normpath(join(home, whole)) if path.startswith("/") else normpath(whole)


def _body(recording: Recording, command: str) -> str:
    found = recording.answer(command)
    body = None if found is None else found.get("body")
    return body if isinstance(body, str) else ""


def _profile(recording: Recording, answers: Mapping[str, list[Mapping[str, Any]]]) -> Profile:
    settings: dict[str, Any] = {}
    every = [each for found in answers.values() for each in found]
    attributes = parse_fields(_body(recording, "getftpattr"))
    tests = [parse_fields(each["body"]) for each in answers.get("testftp", [])]
    codes = {
        command: {parse_fields(each["body"]).get("response") for each in found} for command, found in answers.items()
    }
    settings |= _key_settings(_body(recording, "getpubkey"))
    settings["password_returned"] = "ft_password" in attributes
    settings["autocreatedir_in_get"] = "ft_autocreatedir" in attributes
    settings["crlf"] = "\r\n" in _body(recording, "getftpattr")
    settings["unchanged_is_219"] = any("219" in found for found in codes.values())
    settings["requires_all_fields"] = "208" in codes.get("setftpattr", ())
    settings["keep_alive"] = any(each.get("kept_alive") for each in every)
    settings["https"] = recording.tls is not None
    settings["missing_commands"] = tuple(
        command
        for command, found in codes.items()
        if command.startswith("get") and found <= _UNKNOWN_CODES and command != "getpubkey"
    )
    if tests:
        settings["test_response_field"] = any("response" in test for test in tests)
        settings["hostkey_on_success"] = any("hostkey" in test for test in tests if test.get("result") == "0")
        settings["hostkey_on_failure"] = any("hostkey" in test for test in tests if test.get("result") != "0")
    settings["sethost_answers"] = _sethost_answers(recording)
    good = [
        str(each["request"].get("login")) for each in every if str(each.get("status_line")).split(" ")[1:2] == ["200"]
    ]
    settings["login_methods"] = tuple(
        dict.fromkeys(login for login in good if login in {"basic", "query", "token"})
    ) or ("basic",)
    return Profile(**settings)


def _key_settings(body: str) -> dict[str, Any]:
    found = parse_fields(body)
    line = found.get("publickey", "")
    for word in line.split():
        try:
            key = PublicKey.from_base64(word)
        except KeyFormatError:
            continue
        template = line.replace(f"{key.type} {word}", "{key}")
        bits = str(key.bits) if str(key.bits) in _RSA_BITS else "2048"
        return {"rsa_bits": bits, "publickey_template": template if "{key}" in template else "{key}"}
    code = found.get("response", "204")
    return {"key": "none", "auth_order": "password", "no_key_answer": code if code in _UNKNOWN_CODES else "empty"}


def _sethost_answers(recording: Recording) -> str:
    lesson = recording.lesson("trust")
    if lesson is None or lesson.get("testftp", {}).get("result") is None:
        return "response"
    return "test" if lesson.get("connections") else "result"


def _script(recording: Recording) -> Script | None:
    plain, refused = recording.upload("plain"), recording.upload("key refused")
    known = recording.upload("another type known")
    if plain is None or not plain.get("kexinit"):
        return None
    lists, with_key = _lists(plain), known and known.get("kexinit") and _lists(known)
    channel = (plain.get("channels") or [{}])[0]
    end = plain.get("end", {})
    return Script(
        banner=str(plain["banner"]).rstrip("\r\n"),
        lists=lists,
        known_lists=with_key if with_key and with_key != lists else None,
        login=tuple(plain.get("auth", ())),
        login_without_key=tuple(refused.get("auth", ())) if refused else (),
        window=int(channel.get("window", 2097152)),
        packet=int(channel.get("packet", 32768)),
        operations=tuple(plain.get("sftp", ())),
        sizes=tuple(max(1, int(size)) for _, size, _ in plain.get("writes", ())) or (32768,),
        disconnect=(int(end.get("code", 11)), str(end.get("text", ""))) if end.get("how") == "disconnect" else None,
    )


def _lists(connection: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(value) for key, value in connection["kexinit"].items() if isinstance(value, list)}


def render_attributes(attributes: Mapping[str, Any]) -> bytes:
    """Render recorded attributes for sending; owners and times, which are not recorded, are 0."""
    flags, made = 0, b""
    if "size" in attributes:
        flags |= 1
        made += struct.pack(">Q", int(attributes["size"]))
    if "uid" in attributes:
        flags |= 2
        made += struct.pack(">II", 0, 0)
    if "mode" in attributes:
        flags |= 4
        made += struct.pack(">I", int(attributes["mode"], 8))
    if "mtime" in attributes:
        flags |= 8
        made += struct.pack(">II", 0, 0)
    return struct.pack(">I", flags) + made
