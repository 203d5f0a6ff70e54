"""The service manager of sshd on a receiver (pure): the output of shell/manager.sh as commands for root.

`manager` is the word for how a running sshd reloads its configuration, `starter` the one for how it is started.
"""

import re

SOCKET = "socket"
"""systemd's socket: it starts an sshd for each login, or at the first one, which reads the configuration."""
_UNIT = re.compile(r"(?:reload|restart|unit) ([A-Za-z0-9][\w@.-]*)")
_SIGNAL = re.compile(r"signal ([0-9]+)")
_RELOADS = {
    "openrc": "rc-service sshd reload",
    "service": "service ssh reload </dev/null",
    "pidfile": 'kill -HUP "$(cat /run/sshd.pid)"',
}
_RESTARTS = {"openrc": "rc-service sshd restart", "service": "service ssh restart </dev/null"}


def reload_command(manager: str) -> str | None:
    """Return the command that reloads sshd; None if none is needed or known.

    >>> reload_command("reload ssh"), reload_command("restart sshd"), reload_command(SOCKET)
    ('systemctl reload ssh', 'systemctl restart sshd', None)
    """
    if _UNIT.fullmatch(manager):
        return f"systemctl {manager}" if not manager.startswith("unit ") else None
    if signal := _SIGNAL.fullmatch(manager):
        return f"kill -HUP {signal[1]}"
    return _RELOADS.get(manager)


def restart_command(manager: str) -> str | None:
    """Return the command that restarts sshd without ending sessions; None if unknown.

    >>> restart_command("reload ssh"), restart_command("signal 812")
    ('systemctl restart ssh', None)
    """
    if unit := _UNIT.fullmatch(manager):
        return f"systemctl restart {unit[1]}"
    return _RESTARTS.get(manager)


def start_command(starter: str, sshd: str) -> str | None:
    """Return the command that starts sshd, now and at every boot if the manager supports it.

    >>> start_command("unit ssh", ""), start_command("program", "/usr/sbin/sshd")
    ('systemctl enable --now ssh', '/usr/sbin/sshd')
    """
    if unit := _UNIT.fullmatch(starter):
        return f"systemctl enable --now {unit[1]}"
    # OpenRC's own order: first now, then for good.
    ways = {
        "openrc": "rc-service sshd start",
        "service": "service ssh start </dev/null",
        "program": sshd,
    }
    return ways.get(starter) or None
