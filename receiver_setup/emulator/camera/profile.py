"""The behaviour of an emulated camera as data: each unknown of the real one is a named setting (pure).

A source of "unknown" means that it is not documented publicly: a client must work with each of the values.
"""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from receiver_setup.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FTP_PAGE = "wiki.instar.com, 1440p Series CGI List, Features Menu, FTP"
_CGI_PAGE = "wiki.instar.com, 1440p Series CGI List"
_USER_PAGE = "wiki.instar.com, 1440p Series CGI List, System Menu, User"
_UNKNOWN = "unknown"
_FAULT = "a fault to test clients with"

HOST_KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
_TYPE_NAMES = {bool: "true|false", int: "number", float: "seconds", str: "text"}


def _setting(
    default: Any, meaning: str, source: str, *, minimum: float | None = None, allowed: tuple[str, ...] = ()
) -> Any:
    """Return a dataclass field with its meaning, its source and its allowed values as metadata."""
    meta = {"meaning": meaning, "source": source, "minimum": minimum, "allowed": allowed}
    return field(default=default, metadata=meta)


def _on(meaning: str, source: str) -> Any:
    return _setting(True, meaning, source)  # noqa: FBT003  the default of this setting


def _off(meaning: str, source: str) -> Any:
    return _setting(False, meaning, source)  # noqa: FBT003  as above


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All settings of one emulated camera; any combination may exist.

    Raises ConfigurationError for a value that its setting does not allow.
    """

    # The camera's own key
    key: Literal["rsa", "none"] = _setting("rsa", "does the camera have a key of its own", _FTP_PAGE)
    rsa_bits: Literal["1024", "2048", "3072", "4096"] = _setting("2048", "size of that key", _UNKNOWN)
    no_key_answer: Literal["203", "204", "301", "404", "empty"] = _setting(
        "204",
        "without a key, getpubkey answers this code (404: HTTP 404; empty: an empty key)",
        "inferred from the code list",
    )
    getpubkey_new_key: bool = _off("each getpubkey makes a new key", _UNKNOWN)
    publickey_template: str = _setting("{key}", "what getpubkey prints around the key", _FAULT)

    # How it signs in to the receiver
    uploader: Literal["paramiko", "curl", "openssh"] = _setting(
        "paramiko", "who really uploads: paramiko, the curl program (libssh2) or OpenSSH's sftp", _UNKNOWN
    )
    signature: Literal["sha2", "sha1"] = _setting(
        "sha2", "sha1: signs as ssh-rsa only (curl: as its libssh2 does)", "libssh2 before 1.11.0"
    )
    auth_order: Literal[
        "key", "password", "key-then-password", "password-then-key", "none-key", "none-key-password"
    ] = _setting("key-then-password", "what is tried, in this order (curl: always the key first)", _UNKNOWN)
    host_key_preference: tuple[str, ...] = _setting(
        (), "host-key types negotiated first (not by curl)", _UNKNOWN, allowed=HOST_KEY_TYPES
    )

    # Trusting the receiver
    sethost_mode: Literal["replace", "append"] = _setting("replace", "what sethost does to older keys", _UNKNOWN)
    sethost_answers: Literal["result", "response", "test"] = _setting(
        "response", "sethost answers result=0, the bare response, or runs the test", _UNKNOWN
    )
    sethost_checks: bool = _on("sethost refuses (202) what is no host key", _UNKNOWN)

    # testftp
    hostkey_on_failure: bool = _on("a failed test shows the host key, if one was seen", _UNKNOWN)
    hostkey_on_success: bool = _on("a passed test shows the host key", _FTP_PAGE)
    test_response_field: bool = _on("testftp prints cmd and response", _FTP_PAGE)
    test_overwrites: bool = _on("false: each test file gets a number", _UNKNOWN)
    test_claims: Literal["", "0", "-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9"] = _setting(
        "", "testftp uploads nothing and claims this result", _FAULT
    )
    test_bytes: int = _setting(0, "size of the test picture in bytes; 0: 20 to 40 kB", _FAULT, minimum=0)
    test_timeout_s: float = _setting(10.0, "a test that takes longer is -4", _UNKNOWN, minimum=0.1)
    test_slow_s: float = _setting(0.0, "delay before each test", _FAULT, minimum=0)
    test_busy_times: int = _setting(0, "the first tests answer -6", _FAULT, minimum=0)
    day_folder_format: str = _setting("%Y%m%d", "name of the day's folder (strftime)", _UNKNOWN)

    # Signing in to the camera
    login_methods: tuple[str, ...] = _setting(
        ("basic", "query", "token"), "what is accepted", _USER_PAGE, allowed=("basic", "query", "token")
    )
    login_refused_as: Literal["401", "403", "211"] = _setting("401", "HTTP status, or response 211", _UNKNOWN)
    challenge: bool = _on("a 401 offers, in WWW-Authenticate, those schemes that are accepted", _UNKNOWN)
    realm_quotes: bool = _on(
        "those schemes put their realm in quotes", "a camera seen in the field; RFC 7617 wants them"
    )
    basic_right: bool = _on("the user has the right to Basic; false: a 401 offers it all the same", _USER_PAGE)
    authorization_limit: int = _setting(
        0, "a longer Authorization header crashes the web server; 0: none does", "CVE-2025-8760", minimum=0
    )
    lockout_tries: int = _setting(0, "refused logins until the address is blocked (218); 0: never", _UNKNOWN, minimum=0)
    lockout_s: float = _setting(60.0, "how long it stays blocked", _UNKNOWN, minimum=0)
    lockout_counts: Literal["wrong-password", "refused"] = _setting(
        "wrong-password", "which refusals count: wrong credentials, or any", _UNKNOWN
    )
    token_s: float = _setting(600.0, "how long a token is valid", _UNKNOWN, minimum=0)

    # Fields
    password_returned: bool = _off("getftpattr prints ft_password", "two copies of the page disagree")
    autocreatedir_in_get: bool = _off("getftpattr prints ft_autocreatedir", _FTP_PAGE)
    unchanged_is_219: bool = _off("setting what is set already answers 219", _CGI_PAGE)
    requires_all_fields: bool = _off(
        "setftpattr without the printed fields (but password, autocreatedir) is 208", _UNKNOWN
    )
    field_limit: int = _setting(0, "longest ft_* value in bytes; 0: no limit", _UNKNOWN, minimum=0)
    field_too_long: Literal["refuse", "cut"] = _setting("refuse", "longer: 202, or silently cut", _UNKNOWN)
    never_empty: tuple[str, ...] = _setting(
        (),
        "ft_* fields that setftpattr does not take empty",
        _UNKNOWN,
        allowed=("ft_server", "ft_username", "ft_dirname"),
    )
    empty_answer: Literal["202", "208", "ignore"] = _setting(
        "202", "such an empty field is refused with this code, or taken with 200 and ignored", _UNKNOWN
    )
    ignored_fields: tuple[str, ...] = _setting(
        (), "fields of any set command, or sethost, that are taken with 200 and ignored", _FAULT
    )
    late_s: float = _setting(0.0, "what is set, sethost too, takes hold so long after its answer", _UNKNOWN, minimum=0)
    echo: tuple[str, ...] = _setting(
        (),
        "how a get command spells values: capitals, numbers with zeros before them, blanks behind, & as &amp;",
        _UNKNOWN,
        allowed=("capitals", "zeros", "blanks", "entities"),
    )
    denied_commands: tuple[str, ...] = _setting((), "commands that answer 211", _USER_PAGE)
    missing_commands: tuple[str, ...] = _setting((), "commands that answer 204", _CGI_PAGE)

    # The web server
    crlf: bool = _off("lines end in CR LF", _UNKNOWN)
    slow_s: float = _setting(0.0, "delay before each reply", _FAULT, minimum=0)
    busy_times: int = _setting(0, "the first commands answer 213", _FAULT, minimum=0)
    busy_from: int = _setting(1, "those commands are counted from this one on", _FAULT, minimum=1)
    stray_401_at: int = _setting(
        0,
        "from this request on, good logins are refused with 401; 0: never",
        "too many connections",
        minimum=0,
    )
    stray_401_times: int = _setting(1, "so many requests are", _FAULT, minimum=1)
    reply_cmd: str = _setting(
        "", 'what replies give as cmd; "": the command asked', "the maker prints setvideoattr for setwebuiattr"
    )
    reboot_at: str = _setting("", "command[:nth] at which the connection drops; *: any command", _FAULT)
    reboot_moment: Literal["before", "after"] = _setting("after", "before or after it took effect", _FAULT)
    reboot_s: float = _setting(1.0, "connections are then refused for so long", _FAULT, minimum=0)
    keep_alive: bool = _on("HTTP connections are kept open", _UNKNOWN)
    content_encoding: Literal["", "gzip", "deflate", "raw-deflate", "label-only"] = _setting(
        "", "replies are compressed without having been asked for (label-only: only called so)", _FAULT
    )
    chunked: bool = _off("replies come in chunks", _UNKNOWN)
    content_lengths: Literal["one", "two", "none"] = _setting(
        "one", "how many Content-Length headers a reply has (two: of which one is wrong)", _FAULT
    )
    odd_keys: bool = _off('replies hold keys of further shapes: enable["x"], 2k_mode, a:b', _FAULT)
    redirect_to: str = _setting("", "every request is sent on to this place", _FAULT)
    serves: Literal["http", "http/0.9", "rtsp", "ssh", "ftp"] = _setting(
        "http", "what is spoken at the camera's port (inside TLS where HTTPS is on)", "a mistyped port"
    )
    https: bool = _off("HTTPS with a certificate of its own", _CGI_PAGE)
    https_name: Literal["ddns", "address"] = _setting(
        "ddns",
        "that certificate is for a DDNS name, or for the address",
        "inferred from the CA Certificate page",
    )
    https_validity: Literal["now", "expired", "future"] = _setting("now", "when that certificate is valid", _UNKNOWN)
    https_key: Literal["p256", "rsa1024", "rsa2048"] = _setting(
        "p256", "key of that certificate (with static-rsa: rsa2048 at least)", _UNKNOWN
    )
    https_plain: Literal["close", "400"] = _setting(
        "close",
        "plain HTTP at the HTTPS port ends the connection, or is answered by status 400 (as nginx does)",
        _UNKNOWN,
    )
    tls_version: Literal["", "1.0", "1.1", "1.2", "1.3"] = _setting(
        "", "the only version of TLS; without one: what OpenSSL has", _UNKNOWN
    )
    tls_ciphers: Literal["modern", "static-rsa"] = _setting(
        "modern", "static-rsa: none with forward secrecy, as in web servers of old (up to TLS 1.2)", _UNKNOWN
    )

    # Being found
    discovery: bool = _off(
        "answers WS-Discovery probes on the network that it listens on",
        "inferred: an IN-9408 2K+ speaks ONVIF, which asks for it",
    )
    discovery_name: str = _setting("IN-9408 2K+", "the name in its scopes", _UNKNOWN)
    discovery_address: str = _setting("", "the address that it says it has; empty: the one that it has", _FAULT)

    def __post_init__(self) -> None:
        for info in SETTINGS.values():
            object.__setattr__(self, info.name, info.check(getattr(self, info.name)))

    @property
    def reboot_command(self) -> tuple[str, int]:
        """The command at which the camera reboots, and its occurrence from 1; ("", 0) for never."""
        command, _, nth = self.reboot_at.partition(":")
        return (command, int(nth or 1)) if command else ("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The description of one setting: name, type, default, meaning, source."""

    name: str
    kind: Any
    default: Any
    meaning: str
    source: str
    minimum: float | None
    allowed: tuple[str, ...]

    @property
    def choices(self) -> str:
        """The allowed values, such as `sha2|sha1` or `number`."""
        if get_origin(self.kind) is Literal:
            return "|".join(value or '""' for value in get_args(self.kind))
        if self.is_list:
            return ",".join(self.allowed) or "names with commas"
        return _TYPE_NAMES[self.kind]

    @property
    def is_list(self) -> bool:
        """Whether it is a list of words."""
        return get_origin(self.kind) is tuple

    def parse(self, text: str) -> Any:
        """Read a value from a command line. Raises ConfigurationError."""
        parsers: Mapping[Any, Callable[[str], Any]] = {bool: _parse_bool, int: int, float: float}
        if self.is_list:
            return self.check(tuple(word for word in text.replace(",", " ").split() if word))
        try:
            return self.check(parsers.get(self.kind, str)(text))
        except ValueError:
            raise self._refused(text) from None

    def check(self, value: Any) -> Any:
        """Return a valid `value`, with numbers as text if it is one of a closed set. Raises ConfigurationError."""
        if get_origin(self.kind) is Literal:
            good = (value := str(value)) in get_args(self.kind)
        elif self.is_list:
            good = not isinstance(value, str) and all(not self.allowed or word in self.allowed for word in value)
            value = tuple(value)
        elif self.name == "reboot_at":
            command, _, nth = value.partition(":")
            good = not nth or (nth.isdecimal() and int(nth) > 0 and bool(command))
        elif self.kind is float:
            good = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            good = type(value) is self.kind
        if not good or (self.minimum is not None and not value >= self.minimum):
            raise self._refused(value)
        return value

    def _refused(self, value: object) -> ConfigurationError:
        least = "" if self.minimum is None else f", at least {self.minimum:g}"
        return ConfigurationError(
            f"the emulated camera's setting {self.name} cannot be {value!r}",
            hint=f"it takes {self.choices}{least}: {self.meaning}",
        )


def _parse_bool(text: str) -> bool:
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


def _read_settings() -> dict[str, Setting]:
    kinds = get_type_hints(Profile)
    return {
        item.name: Setting(name=item.name, kind=kinds[item.name], default=item.default, **item.metadata)
        for item in fields(Profile)
    }


SETTINGS = _read_settings()
"""Every setting by its name, in the order of Profile."""
