"""What ~/.ssh/config says of a host, with its Include files (ssh_config(5)); read by paramiko's own parser."""

import getpass
import glob
import io
import re
from dataclasses import dataclass
from pathlib import Path

from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.address import ReceiverAddress, check_port
from receiver_setup.receiver.hosts.paramiko_alone import allow_match_exec, paramiko

_INCLUDE = re.compile(r"^\s*include\s+(.+?)\s*$", re.IGNORECASE)
_BLOCK = re.compile(r"^\s*(host|match)[\s=]", re.IGNORECASE)
_DEPTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A host as it is really dialled; `known_as` and `known_port` are what known_hosts has (an alias has no port)."""

    host: str
    port: int
    user: str
    known_as: str
    known_port: int
    identities: tuple[Path, ...]
    identities_only: bool
    known_hosts: tuple[Path, ...]
    jumps: tuple[ReceiverAddress, ...]
    proxy_command: str | None

    @property
    def known_name(self) -> str:
        """The entry that known_hosts must hold (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT")."""
        return self.known_as if self.known_port == paramiko.config.SSH_PORT else f"[{self.known_as}]:{self.known_port}"


def read_target(address: ReceiverAddress, *, config_file: Path | None) -> Target:
    """Look `address` up in ssh_config; a file given by name must be there, the default one may be missing.

    What the address says itself wins over the file.
    """
    found = _look_up(_read_config(config_file), address.host)
    jump = found.get("proxyjump", "none")
    command = found.get("proxycommand", "none")
    host = found.get("hostname", address.host)
    port = address.port or check_port(found.get("port", str(paramiko.config.SSH_PORT)))
    alias = found.get("hostkeyalias")
    return Target(
        host=host,
        port=port,
        user=address.user or found.get("user") or getpass.getuser(),
        known_as=alias or host,
        known_port=paramiko.config.SSH_PORT if alias else port,
        identities=tuple(Path(name).expanduser() for name in found.get("identityfile", ())),
        identities_only=found.get("identitiesonly", "no") == "yes",
        known_hosts=tuple(Path(name).expanduser() for name in found.get("userknownhostsfile", "").split()),
        jumps=() if jump == "none" else tuple(ReceiverAddress.parse(part) for part in jump.split(",")),
        proxy_command=None if command == "none" else command,
    )


def _look_up(config: paramiko.SSHConfig, host: str) -> paramiko.SSHConfigDict:
    try:
        return config.lookup(host)
    except ImportError as error:
        if allow_match_exec():
            return config.lookup(host)
        raise ConfigurationError(
            "the ssh configuration has “Match exec”, which this program cannot run",
            hint="put what this receiver needs into a file without it, and give that with --ssh-config",
        ) from error


def _read_config(config_file: Path | None) -> paramiko.SSHConfig:
    path = config_file or Path("~/.ssh/config").expanduser()
    config = paramiko.SSHConfig()
    if config_file is None and not path.exists():
        return config
    try:
        config.parse(io.StringIO(_with_includes(path, _DEPTH)))
    except OSError as error:
        raise ConfigurationError(f"cannot read the ssh configuration {path}: {error.strerror}") from error
    except (paramiko.ConfigParseError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the ssh configuration {path} cannot be parsed: {error}", hint="check it with: ssh -G HOST"
        ) from error
    return config


def _with_includes(path: Path, depth: int) -> str:
    """Return the file's text with each Include line replaced by the files that it names."""
    lines, block = [], "Host *"
    for line in path.read_text(encoding="utf-8").splitlines():
        include = _INCLUDE.match(line)
        if include is None:
            lines.append(line)
            block = line if _BLOCK.match(line) else block
        elif depth > 0:
            for pattern in include[1].split():
                place = Path(pattern.strip('"')).expanduser()
                whole = place if place.is_absolute() else Path("~/.ssh").expanduser() / place
                lines += [_with_includes(Path(name), depth - 1) for name in sorted(glob.glob(str(whole)))]  # noqa: PTH207 - an absolute pattern, which Path.glob refuses
            # A Host or Match line of an included file ends with that file.
            lines.append(block)
    return "\n".join(lines) + "\n"
