"""What ssh itself makes of its configuration for a host: the answer of `ssh -G`, and what of it counts here.

Source: ssh(1) -G, ssh_config(5) with its section TOKENS; what -G leaves to its reader was tried on 9.2. OpenSSH for
Windows prints its folder in %ProgramData% unexpanded, as `__PROGRAMDATA__`.
"""

import getpass
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.known_hosts import SSH_PORT, known_name
from receiver_setup.receiver.address import ReceiverAddress, check_port

_log = logging.getLogger(__name__)
_ASK_S = 60.0
"""A configuration may run commands (`Match exec`)."""
_IDENTITIES = ("~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519")
_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_SYSTEM_KNOWN_HOSTS = ("ssh_known_hosts", "ssh_known_hosts2")
_TOKEN = re.compile(r"%(?P<token>.?)(?P<variable>)", re.DOTALL)
_TOKEN_OR_VARIABLE = re.compile(r"%(?P<token>.?)|\$\{(?P<variable>\w+)\}", re.DOTALL)
_PATH_BEGINS = re.compile(r"\s+(?=/|~|[A-Za-z]:[\\/]|__PROGRAMDATA__)")
_FOR_A_SHELL = re.compile(r"""['`"$\\;&<>|(){}\x00-\x1f\x7f]|\s-|^-""")
_USE_ANOTHER = "for this host above it, or give --ssh-config with another file"

Settings = Mapping[str, Sequence[str]]
"""What -G printed: keywords in small letters, each with the values of its lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshDestination:
    """A host as it is really dialled; `known_as` and `known_port` are what known_hosts has (an alias has no port)."""

    host: str
    port: int
    user: str
    known_as: str
    known_port: int
    identities: tuple[Path, ...]
    identities_only: bool
    known_hosts: tuple[Path, ...]
    """Of the user; a new key goes into the first. May be empty."""
    system_known_hosts: tuple[Path, ...]
    jumps: tuple[ReceiverAddress, ...]
    proxy_command: str | None
    """For a shell, with its tokens filled in."""
    agent: str | None = "SSH_AUTH_SOCK"
    """The agent's socket; this very word where the environment tells it; None for no agent."""
    strictness: str = "ask"
    """StrictHostKeyChecking: true, ask, accept-new or false."""
    check_ip: bool = False
    hash_names: bool = False
    revoked: Path | None = None
    algorithms: tuple[str, ...] | None = None
    """Of host keys, in order; None: all that the SSH library has."""
    family: socket.AddressFamily = socket.AF_UNSPEC
    source: str | None = None

    @property
    def known_name(self) -> str:
        """The name that a line of known_hosts must have (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT")."""
        return known_name(self.known_as, self.known_port)


def read_target(address: ReceiverAddress, *, config_file: Path | None) -> SshDestination:
    """Ask ssh for all it would use for `address`, whose own user and port win.

    Without a file to read, or without an OpenSSH client, the address and ssh's defaults are all. Raises
    ConfigurationError for a file that ssh refuses, and for what cannot be honoured here.
    """
    if config_file is not None and str(config_file) in {os.devnull, "none"}:
        return make_target(address, {})
    program = shutil.which("ssh")
    if program is None:
        _warn_without_client(config_file)
        return make_target(address, {})
    if config_file is not None and config_file.is_dir():  # which ssh takes for an empty file
        raise ConfigurationError(f"the ssh configuration {config_file} is a directory", hint="give a file")
    if address.user is not None and _FOR_A_SHELL.search(address.user):
        raise ConfigurationError(
            f"the user {address.user!r} cannot be used with an ssh configuration, which may hand it to a shell",
            hint=f"check USER, or give --ssh-config {os.devnull}",
        )
    return make_target(address, _ask(program, address, config_file))


def make_target(address: ReceiverAddress, settings: Settings) -> SshDestination:
    """Make what -G answered into a target; without an answer, from the address and ssh's defaults."""
    _refuse_what_is_not_done(settings, address.host)
    host = _one(settings, "hostname") or address.host.lower()
    port = address.port or check_port(_one(settings, "port") or str(SSH_PORT))
    user = address.user or _one(settings, "user") or getpass.getuser()
    alias = _one(settings, "hostkeyalias")
    jump = _one(settings, "proxyjump")
    tokens = _tokens(address, host, port, user, alias or address.host)
    command = _one(settings, "proxycommand")
    revoked = _one(settings, "revokedhostkeys")
    algorithms = _one(settings, "hostkeyalgorithms")
    family = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}.get(_one(settings, "addressfamily") or "")
    if command is not None:
        _refuse_for_a_shell(command, host, user)
    return SshDestination(
        host=host,
        port=port,
        user=user,
        known_as=alias or host,
        known_port=SSH_PORT if alias else port,
        identities=_identities(settings, tokens),
        identities_only=_one(settings, "identitiesonly") == "yes",
        known_hosts=_files(settings, "userknownhostsfile", _KNOWN_HOSTS),
        system_known_hosts=_files(settings, "globalknownhostsfile", tuple(map(_system, _SYSTEM_KNOWN_HOSTS))),
        jumps=tuple(map(_jump, jump.split(","))) if jump else (),
        proxy_command=expand(command, tokens, keyword="ProxyCommand", variables=False) if command is not None else None,
        agent=_agent(settings),
        strictness=_one(settings, "stricthostkeychecking") or "ask",
        check_ip=_one(settings, "checkhostip") == "yes" and command is None and not jump,
        hash_names=_one(settings, "hashknownhosts") == "yes",
        revoked=_path(expand(revoked, tokens, keyword="RevokedHostKeys")) if revoked else None,
        algorithms=tuple(algorithms.split(",")) if algorithms else None,
        family=family or socket.AF_UNSPEC,
        source=_one(settings, "bindaddress"),
    )


def parse_settings(text: str) -> dict[str, list[str]]:
    r"""Parse what -G prints, `keyword value` a line; keywords that may come more than once keep all their values.

    >>> parse_settings("port 22\nIdentityFile ~/.ssh/a b\nidentityfile none\n")
    {'port': ['22'], 'identityfile': ['~/.ssh/a b', 'none']}
    """
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        keyword, blank, value = line.rstrip("\r").partition(" ")
        if blank:
            found.setdefault(keyword.lower(), []).append(value)
    return found


def expand(text: str, tokens: Mapping[str, str], *, keyword: str, variables: bool = True) -> str:
    """Fill in `%h` and the like, and `${NAME}` from the environment; ConfigurationError for others, as in ssh."""

    def value(match: re.Match[str]) -> str:
        if match["variable"]:
            if match["variable"] in os.environ:
                return os.environ[match["variable"]]
        elif match["token"] in tokens:
            return tokens[match["token"]]
        raise ConfigurationError(
            f"{keyword} in the ssh configuration has {match[0]}, which is not known here",
            hint=f"write out what it stands for, as {keyword} {_USE_ANOTHER}",
        )

    return (_TOKEN_OR_VARIABLE if variables else _TOKEN).sub(value, text)


def _ask(program: str, address: ReceiverAddress, config_file: Path | None) -> dict[str, list[str]]:
    homes = _homes()
    words = [program, "-T", "-G", *_config_words(config_file, homes)]
    if address.port is not None:
        words += ["-p", str(address.port)]
    if address.user is not None:
        words += ["-l", address.user]
    try:
        done = subprocess.run(
            [*words, address.host], stdin=subprocess.DEVNULL, capture_output=True, timeout=_ASK_S, check=False
        )
    except OSError as error:
        raise ConfigurationError(f"cannot run {program}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(
            f"ssh has not read its configuration for {address.host} in {_ASK_S:.0f} s",
            hint=f"look for a Match exec that does not end: ssh -G {address.host}",
        ) from error
    said = " ".join(os.fsdecode(done.stderr).split())
    if done.returncode != 0:
        raise ConfigurationError(
            f"ssh cannot use its configuration for {address.host}: {said or f'exit code {done.returncode}'}",
            hint="correct what it names, or give --ssh-config with another file",
        )
    settings = parse_settings(os.fsdecode(done.stdout))
    if "hostname" not in settings:
        _warn_without_client(config_file)
        return {}
    return settings if homes is None else _moved(settings, *homes)


def _config_words(config_file: Path | None, homes: tuple[str, str] | None) -> list[str]:
    if config_file is not None:
        return ["-F", str(config_file)]
    if homes is None:
        return []
    own = Path(homes[0], ".ssh", "config")
    return ["-F", str(own) if own.exists() else "none"]


def _moved(settings: dict[str, list[str]], home: str, account: str) -> dict[str, list[str]]:
    """Return the settings with `home` where ssh has put the account's for “~”, which it has not done everywhere."""
    for keyword in {"userknownhostsfile", "identityagent"} & settings.keys():
        settings[keyword] = [f" {value}".replace(f" {account}/", f" {home}/")[1:] for value in settings[keyword]]
    return settings


@cache
def _warn_without_client(config_file: Path | None) -> None:
    """Say once that no configuration is read; a file that was asked for is an error."""
    if config_file is not None:
        raise ConfigurationError(
            f"{config_file} cannot be read without OpenSSH's client, which this machine has not",
            hint="install it (openssh-client), or leave out --ssh-config and give what it says as options",
        )
    files = (Path("~/.ssh/config").expanduser(), _path(_system("ssh_config")))
    there = [path for path in files if path.exists()]
    if there:
        _log.warning(
            "%s is not read, since this machine has no OpenSSH client: only what stands in the command counts",
            " and ".join(map(str, there)),
        )


def _homes() -> tuple[str, str] | None:
    """Return HOME and the account's home, the only one that ssh knows; None where they are the same."""
    if sys.platform == "win32":
        return None
    import pwd  # noqa: PLC0415 - not there on Windows

    home = os.environ.get("HOME", "").rstrip("/")
    try:
        account = pwd.getpwuid(os.getuid()).pw_dir.rstrip("/")
    except KeyError:
        return None
    return None if home in {"", account} else (home, account)


def _jump(text: str) -> ReceiverAddress:
    try:
        return ReceiverAddress.parse(text)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"ProxyJump in the ssh configuration names {text!r}, which is no [USER@]HOST[:PORT]",
            hint="correct it there, or give --ssh-config with another file",
        ) from error


def _identities(settings: Settings, tokens: Mapping[str, str]) -> tuple[Path, ...]:
    names = [name for name in settings.get("identityfile", _IDENTITIES) if name != "none"]
    return tuple(_path(expand(_tilde(name), tokens, keyword="IdentityFile")) for name in names)


def _files(settings: Settings, keyword: str, default: tuple[str, ...]) -> tuple[Path, ...]:
    """Return a list of files, which -G joins by blanks without any quotes."""
    value = _one(settings, keyword, keep_none=True)
    if value is None:
        return tuple(_path(name) for name in default)
    names = [each for part in _PATH_BEGINS.split(value) for each in _parts(part)]
    return tuple(_path(name) for name in names if name != "none")


def _parts(text: str) -> list[str]:
    """Take apart relative names, unless there is a file whose name has the blanks."""
    absolute = bool(_PATH_BEGINS.match(f" {text}"))
    return [text] if absolute or _path(text).exists() else text.split()


def _system(name: str) -> str:
    """Return a file of the folder that OpenSSH has for the whole machine, as its -G writes it."""
    return f"__PROGRAMDATA__\\ssh\\{name}" if sys.platform == "win32" else f"/etc/ssh/{name}"


def _path(name: str) -> Path:
    program_data = os.environ.get("ProgramData", "C:\\ProgramData")  # noqa: SIM112 - as Windows spells it
    return Path(_tilde(name.replace("__PROGRAMDATA__", program_data)))


def _tilde(name: str) -> str:
    return str(Path(name).expanduser()) if name.startswith("~") else name


def _agent(settings: Settings) -> str | None:
    value = _one(settings, "identityagent", keep_none=True)
    if value is None or value == "SSH_AUTH_SOCK":
        return "SSH_AUTH_SOCK"
    if value == "none":
        return None
    return os.environ.get(value[1:]) if value.startswith("$") else _tilde(value)


def _tokens(address: ReceiverAddress, host: str, port: int, user: str, key_alias: str) -> dict[str, str]:
    here = socket.gethostname()
    return {
        "%": "%",
        "d": str(Path.home()),
        "h": host,
        "i": _uid(),
        "k": key_alias,
        "L": here.partition(".")[0],
        "l": here,
        "n": address.host,
        "p": str(port),
        "r": user,
        "u": getpass.getuser(),
    }


def _uid() -> str:
    if sys.platform == "win32":
        return ""
    return str(os.getuid())


def _refuse_what_is_not_done(settings: Settings, host: str) -> None:
    """Raise for what would be less safe, or would not work, if it were passed over."""
    if _one(settings, "knownhostscommand") is not None:
        raise ConfigurationError(
            f"the ssh configuration has a KnownHostsCommand for {host}, which is not run here",
            hint=f"note the host key in known_hosts, and put “KnownHostsCommand none” {_USE_ANOTHER}",
        )
    if _one(settings, "proxyusefdpass") == "yes" and _one(settings, "proxycommand") is not None:
        raise ConfigurationError(
            f"the ssh configuration has ProxyUseFdpass for {host}, which is not done here",
            hint=f"put “ProxyUseFdpass no” and a ProxyCommand that passes the data itself {_USE_ANOTHER}",
        )


def _refuse_for_a_shell(command: str, host: str, user: str) -> None:
    """Raise where a token would hand a shell more than a name (OpenSSH does so since 9.6)."""
    for token, value in (("%h", host), ("%n", host), ("%r", user)):
        if token in command and _FOR_A_SHELL.search(value):
            raise ConfigurationError(
                f"{value!r} cannot be handed to the shell of the ProxyCommand",
                hint="check USER and HOST, and the User and HostName of the ssh configuration",
            )


def _one(settings: Settings, keyword: str, *, keep_none: bool = False) -> str | None:
    values = settings.get(keyword)
    return None if not values or (values[0].lower() == "none" and not keep_none) else values[0]
