"""getftpattr and setftpattr: where and how the camera uploads (pure).

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self

from receiver_setup.camera.wire.checks import check_range, check_something, check_text, flag_text
from receiver_setup.camera.wire.command import Command, Parameters, Update
from receiver_setup.camera.wire.reply import Reply
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)

FIELDS = (
    "ft_server",
    "ft_port",
    "ft_username",
    "ft_password",
    "ft_mode",
    "ft_dirname",
    "ft_autocreatedir",
    "ft_dirmode",
    "ft_ssl",
    "ft_insecure",
)
_NOT_SETTINGS = frozenset({"cmd", "response", "ft_password"})


class Security(StrEnum):
    """How the upload is protected (`ft_ssl`)."""

    NONE = "none"
    FTPS = "ftps"
    SFTP = "sftp"
    UNKNOWN = "unknown"
    """A value that the maker does not list; it is read, never sent."""

    @property
    def default_port(self) -> int | None:
        """The port that usually goes with it."""
        return _DEFAULT_PORTS.get(self)


_SECURITY = {"0": Security.NONE, "1": Security.FTPS, "2": Security.SFTP}
_SECURITY_CODES = {security: code for code, security in _SECURITY.items()}
_DEFAULT_PORTS = {Security.NONE: 21, Security.FTPS: 21, Security.SFTP: 22}


@dataclass(frozen=True, slots=True, kw_only=True)
class FtpAttributes:
    """The camera's upload settings; None is a field that was missing or could not be read, never a guess."""

    server: str | None
    port: int | None
    username: str | None
    password: Secret | None
    """Mostly None: the camera need not return it."""
    mode: int | None
    """ft_mode as the camera has it; the maker's pages contradict each other about what 0 and 1 mean."""
    directory: str | None
    auto_create: bool | None
    day_folders: bool | None
    """True: a new folder every day; False: all files in one directory (`ft_dirmode`)."""
    security: Security | None
    insecure: bool | None
    """True: the camera does not verify the server (`ft_insecure=1`)."""
    raw: Mapping[str, str] = field(repr=False)
    """Every field as read, known or not, but for cmd, response and ft_password."""

    @classmethod
    def from_reply(cls, reply: Reply) -> Self:
        """Read what is there."""
        password = reply.get("ft_password")
        return cls(
            server=reply.get("ft_server"),
            port=reply.integer("ft_port"),
            username=reply.get("ft_username"),
            password=None if password is None else Secret(password),
            mode=reply.integer("ft_mode"),
            directory=reply.get("ft_dirname"),
            auto_create=reply.flag("ft_autocreatedir"),
            day_folders=reply.flag("ft_dirmode"),
            security=_read_security(reply.get("ft_ssl")),
            insecure=reply.flag("ft_insecure"),
            raw={name: value for name, value in reply.fields.items() if name not in _NOT_SETTINGS},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFtpAttr(Command[FtpAttributes]):
    """Read the upload settings."""

    cmd: ClassVar[str] = "getftpattr"

    def decode(self, reply: Reply) -> FtpAttributes:
        """Read what is there."""
        return FtpAttributes.from_reply(reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFtpAttr(Update):
    """Change some of the upload settings: only what is given is sent, in the maker's order.

    `raw` holds former values to send back as they were read; a field given by name overrides it.
    Raises ConfigurationError for a value that no camera accepts.

    >>> SetFtpAttr(server="192.168.2.110", port=22, security=Security.SFTP, insecure=False).parameters()
    (('ft_server', '192.168.2.110'), ('ft_port', '22'), ('ft_ssl', '2'), ('ft_insecure', '0'))
    """

    cmd: ClassVar[str] = "setftpattr"

    server: str | None = None
    port: int | None = None
    username: str | None = None
    password: Secret | None = None
    mode: int | None = None
    directory: str | None = None
    auto_create: bool | None = None
    day_folders: bool | None = None
    security: Security | None = None
    insecure: bool | None = None
    raw: Mapping[str, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_text("server", self.server, empty=False)
        check_range("port", self.port, 1, 65535)
        check_text("user name", self.username)
        check_text("password", None if self.password is None else self.password.reveal())
        check_range("mode", self.mode, 0, 1)
        check_text("directory", self.directory)
        if self.security is Security.UNKNOWN:
            raise ConfigurationError("the security is not known", hint="give none, ftps or sftp")
        check_something(self.cmd, self.parameters())

    def parameters(self) -> Parameters:
        """Return the given fields; the password is among them in clear."""
        given = dict(self.raw or {}) | self._named()
        return tuple((name, given[name]) for name in FIELDS if name in given)

    def _named(self) -> dict[str, str]:
        """Write the fields that were given by name as the camera writes them."""
        texts = {
            "ft_server": self.server,
            "ft_username": self.username,
            "ft_password": None if self.password is None else self.password.reveal(),
            "ft_dirname": self.directory,
            "ft_ssl": None if self.security is None else _SECURITY_CODES.get(self.security),
        }
        numbers = {"ft_port": self.port, "ft_mode": self.mode}
        flags = {
            "ft_autocreatedir": self.auto_create,
            "ft_dirmode": self.day_folders,
            "ft_insecure": self.insecure,
        }
        return (
            {name: text for name, text in texts.items() if text is not None}
            | {name: str(number) for name, number in numbers.items() if number is not None}
            | {name: flag_text(value=flag) for name, flag in flags.items() if flag is not None}
        )


def _read_security(text: str | None) -> Security | None:
    """Read ft_ssl; a value that is not listed becomes UNKNOWN and is logged."""
    if text is None:
        return None
    code = text.strip().lstrip("0") or text.strip()[-1:]
    if code not in _SECURITY:
        _log.warning("the camera's ft_ssl is none of 0, 1 and 2")
    return _SECURITY.get(code, Security.UNKNOWN)
