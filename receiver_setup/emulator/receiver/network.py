"""A private network for this process: loopback, a bridge, and addresses that are not visible outside.

The process moves into a network namespace. There is no holder process and no name in /run/netns, so the kernel removes
everything when the last process in it ends, even after kill -9.

Only root may create one. Without root, `become_fake_root` starts the same command again as root of a user namespace.

Source: network_namespaces(7), user_namespaces(7), unshare(1), subuid(5).
"""

import contextlib
import ctypes
import ipaddress
import logging
import os
import pwd
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from receiver_setup.errors import ReceiverUnsuitableError

logger = logging.getLogger(__name__)

BRIDGE = "receivers"
SUBNET = ipaddress.IPv4Network("10.99.0.0/24")
HOST_ADDRESS = "10.99.0.1"
"""This process's own address on the bridge."""

PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"])
"""Where programs are looked up, because a user's PATH often lacks sbin."""

_CLONE_NEWNET = 0x40000000
_GUARD = "RECEIVER_SETUP_FAKE_ROOT"
_PACKAGES = {
    "ip": "iproute2",
    "mount": "mount",
    "newgidmap": "uidmap",
    "newuidmap": "uidmap",
    "nsenter": "util-linux",
    "pivot_root": "util-linux-extra",  # since Debian 14; before, it is in util-linux, which every system has
    "sshd": "openssh-server",
    "unshare": "util-linux",
}
_UNSHARE = ("unshare", "--user", "--map-root-user", "--map-auto")
_libc = ctypes.CDLL(None, use_errno=True)


def require_programs(*names: str) -> None:
    """Raise ReceiverUnsuitableError, with the Debian packages to install, if one of `names` is missing."""
    missing = [name for name in names if shutil.which(name, path=PATH) is None]
    if missing:
        packages = " ".join(sorted({_PACKAGES.get(name, name) for name in missing}))
        raise ReceiverUnsuitableError(
            f"a throw-away receiver on this machine needs {' and '.join(missing)}, which cannot be found",
            hint=f"install it: sudo apt-get install {packages}",
        )


def find_program(name: str) -> str:
    """Return the path of a program; raises as `require_programs` does."""
    require_programs(name)
    return shutil.which(name, path=PATH) or name


class PrivateNetwork:
    """The private network of this process; created only by `enter_private_network`."""

    def __init__(self) -> None:
        self._hosts = [str(host) for host in SUBNET.hosts() if str(host) != HOST_ADDRESS]
        self._taken: set[str] = set()
        self._next = 0
        self._links = 0
        self._lock = threading.Lock()

    def take_address(self) -> str:
        """Reserve an unused IPv4 address of this network; `give_back` frees it.

        Addresses are used in turn, so that late packets to one that was just freed reach no one.
        """
        with self._lock:
            for _ in self._hosts:
                address = self._hosts[self._next]
                self._next = (self._next + 1) % len(self._hosts)
                if address not in self._taken:
                    self._taken.add(address)
                    return address
        raise ReceiverUnsuitableError(
            f"all {len(self._hosts)} addresses of {SUBNET} are in use",
            hint="close some of the throw-away receivers or emulated cameras first",
        )

    def give_back(self, address: str) -> None:
        """Free an address of `take_address` or `add_address`."""
        with self._lock:
            self._taken.discard(address)

    def add_address(self) -> str:
        """Add an IPv4 address to this process, to listen on as a camera would; return it."""
        address = self.take_address()
        _ip(f"addr add {address}/{SUBNET.prefixlen} dev {BRIDGE}")
        return address

    def remove_address(self, address: str) -> None:
        """Undo `add_address`."""
        _ip(f"addr del {address}/{SUBNET.prefixlen} dev {BRIDGE}")
        self.give_back(address)

    def connect(self, pid: int, address: str) -> None:
        """Connect the bridge to the network namespace of process `pid`, as `eth0` there.

        The hardware address is derived from the IP address, so that neighbour caches stay valid when another process
        gets `address`.
        """
        with self._lock:
            self._links += 1
            link = f"rx{self._links}"
        mac = ":".join(f"{byte:02x}" for byte in (2, 0, *ipaddress.IPv4Address(address).packed))
        _ip(
            f"link add {link} type veth peer name eth0 address {mac} netns {pid}",
            f"link set {link} master {BRIDGE} up",
        )


_network: PrivateNetwork | None = None


def enter_private_network() -> PrivateNetwork:
    """Move this process into a private network and return it; a second call returns the same one.

    Call it in the main thread before other threads exist: running threads and open sockets stay in the old network.
    Children and later threads are in the new one.

    Raises ReceiverUnsuitableError if this process is not root, or root of a container that may not do this.
    """
    global _network  # noqa: PLW0603 - a process is in one network, so this belongs to the process
    if _network is not None:
        return _network
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("enter_private_network() works in the main thread only")
    require_programs("ip")
    if os.geteuid() != 0:
        _check_fake_root()  # if that is not possible either, its reason is more useful
        raise ReceiverUnsuitableError(
            "a private network can be made by root only, and this process is not root",
            hint="run it with sudo, or call become_fake_root() first",
        )
    with Path("/proc/thread-self/ns/net").open("rb") as home:
        if _libc.unshare(_CLONE_NEWNET):
            raise ReceiverUnsuitableError(
                f"this process is root, but may not make a network namespace: {os.strerror(ctypes.get_errno())}",
                hint="in a container, start it with --privileged; else run it on the machine itself",
            )
        try:
            _ip(
                "link set lo up",
                f"link add {BRIDGE} type bridge forward_delay 0",
                f"addr add {HOST_ADDRESS}/{SUBNET.prefixlen} dev {BRIDGE}",
                f"link set {BRIDGE} up",
            )
        except BaseException:
            _libc.setns(home.fileno(), _CLONE_NEWNET)
            raise
    _network = PrivateNetwork()
    logger.debug("in a private network, %s on bridge %s", HOST_ADDRESS, BRIDGE)
    return _network


def become_fake_root(argv: Sequence[str] | None = None) -> None:
    """Return immediately for root; else start this command again, with the same pid, as root of a user namespace.

    `argv` is the command to start, by default this process's own. Code after the call does not run in this process, so
    call it before anything is opened, printed or changed.

    Raises ReceiverUnsuitableError if this machine does not allow that; the hint says what to change.
    """
    if os.geteuid() == 0:
        return
    if os.environ.get(_GUARD):
        raise ReceiverUnsuitableError(
            "this command was already started again in a user namespace and still is not root",
            hint=f"unset {_GUARD}, or run the command with sudo",
        )
    _check_fake_root()
    command = [sys.executable, *sys.orig_argv[1:]] if argv is None else list(argv)
    logger.debug("starting again as root of a user namespace: %s", command[0])
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or there is none
            stream.flush()
    os.execvpe("unshare", [*_UNSHARE, "--", *command], {**os.environ, "PATH": PATH, _GUARD: "1"})  # noqa: S606 - no shell is wanted


def _check_fake_root() -> None:
    """Raise ReceiverUnsuitableError, with the change to make, if `become_fake_root` would not work here."""
    require_programs("unshare", "newuidmap", "newgidmap", "ip", "mount")
    # A full attempt: a kernel can allow the namespace and refuse everything in it (AppArmor on Ubuntu).
    attempt = "ip link set lo up && mount -t tmpfs attempt /tmp"
    probe = subprocess.run(
        [*_UNSHARE, "--net", "--mount", "--", "sh", "-c", attempt],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": PATH},
        check=False,
    )
    if probe.returncode:
        raise _why_not_fake_root(probe.stderr)


def has_subordinate_ids(text: str, *, user: str, uid: int) -> bool:
    """Return True if `text`, the content of /etc/subuid or /etc/subgid, has a range for this user.

    >>> has_subordinate_ids("alice:100000:65536", user="alice", uid=1000)
    True
    >>> has_subordinate_ids("alice:100000:0", user="alice", uid=1000)
    False
    """
    ranges = (line.strip().split(":") for line in text.splitlines())
    return any(
        len(fields) == 3 and fields[0] in (user, str(uid)) and fields[2].isdigit() and int(fields[2]) > 0
        for fields in ranges
    )


def _why_not_fake_root(stderr: str) -> ReceiverUnsuitableError:
    """Find out why a user namespace is not possible; `stderr` is the output of the attempt."""
    otherwise = "or run the command with sudo"
    switches = [
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("user.max_user_namespaces", "0", "15000"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ]
    for name, bad, good in switches:
        if _read(Path("/proc/sys") / name.replace(".", "/")).strip() == bad:
            return ReceiverUnsuitableError(
                f"this machine does not let its users make namespaces: {name} is {bad}",
                hint=f"change it: sudo sysctl -w {name}={good}, {otherwise}",
            )
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    for file in ("/etc/subuid", "/etc/subgid"):
        if not has_subordinate_ids(_read(Path(file)), user=user, uid=uid):
            return ReceiverUnsuitableError(
                f"the user {user} has no range of subordinate ids in {file}",
                hint="add one: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "
                f"{user}, {otherwise}",
            )
    said = (stderr.strip().splitlines() or ["it gave no reason"])[-1]
    return ReceiverUnsuitableError(
        f"this machine refuses a user namespace with a network of its own: {said}",
        hint="run the command with sudo",
    )


def _read(path: Path) -> str:
    """Return the text of `path`; empty if it does not exist."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _ip(*commands: str) -> None:
    """Run ip(8) commands in one process, up to the first failure."""
    done = subprocess.run(
        ["ip", "-batch", "-"],
        input="\n".join(commands) + "\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": PATH, "LC_ALL": "C"},
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise ReceiverUnsuitableError(
            f"the kernel refuses a part of the private network: {said} (of: {'; '.join(commands)})",
            hint="it needs network namespaces, veth and bridge in the kernel: sudo modprobe veth bridge",
        )
