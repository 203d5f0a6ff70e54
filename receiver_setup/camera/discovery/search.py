"""Search for cameras: one socket per network interface and IP version, probes, and answers until the time is up.

A single socket would reach only the network of the default route, or none without one. The sockets join no multicast
group and need no fixed port: an answer is sent to the source of its probe.
"""

import contextlib
import logging
import selectors
import socket
import struct
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

from receiver_setup.camera.discovery.merging import FoundDevice, Heard, merge
from receiver_setup.camera.discovery.messages import LARGEST_ANSWER, AnswerError, parse_answer, render_probes

_log = logging.getLogger(__name__)
PORT = 3702
_GROUPS = {socket.AF_INET: "239.255.255.250", socket.AF_INET6: "ff02::c"}
_PAUSE_S = 0.5
"""Between a probe and its repetition, because UDP may lose it."""
_MOST_OF_ONE = 32
"""Answers accepted from one address; two probes, sent twice, to several of its addresses make 8."""
_MOST_DEVICES = 300
_STEP_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The result of a search."""

    devices: tuple[FoundDevice, ...]
    asked: tuple[str, ...]
    """Interfaces on which probes were sent, without the loopback."""
    more: bool = False
    """True if more devices answered than are kept."""


@dataclass(slots=True)
class _Ear:
    """One socket on one interface."""

    name: str
    index: int
    socket: socket.socket


@dataclass(slots=True)
class _Answers:
    """The answers received so far, limited in number."""

    probes: frozenset[str]
    heard: dict[tuple[str, bytes], list[Heard]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    more: bool = False

    def add(self, datagram: bytes, source: str, interface: str) -> None:
        """Keep an answer, unless it is a duplicate, invalid, or one too many from its address."""
        if (source, datagram) in self.heard:
            return
        self.counts[source] += 1
        if self.counts[source] > _MOST_OF_ONE or len(self.counts) > _MOST_DEVICES:
            self.more = True
            return
        try:
            answers = parse_answer(datagram, self.probes)
        except AnswerError as error:
            _log.info("%s: what it sent is left out: %s", source, error)
            answers = ()
        self.heard[source, datagram] = [
            Heard(source=source, interface=interface, answer=each) for each in answers[:_MOST_OF_ONE]
        ]


def search(wait_s: float) -> Search:
    """Probe on every interface and listen for `wait_s` seconds; a camera that answers later is not found.

    Never raises for network errors.
    """
    with contextlib.ExitStack() as stack:
        ears = _open_all()
        for ear in ears:
            stack.enter_context(ear.socket)
        probes = render_probes(lambda: f"urn:uuid:{uuid.uuid4()}")
        answers = _Answers(frozenset(probes))
        asked: dict[str, None] = {}
        end = time.monotonic() + wait_s
        with selectors.DefaultSelector() as selector:
            for ear in ears:
                selector.register(ear.socket, selectors.EVENT_READ, ear)
            for again_in in (min(_PAUSE_S, wait_s / 2), None):
                asked |= dict.fromkeys(ear.name for ear in ears if _ask(ear, list(probes.values())))
                until = end if again_in is None else time.monotonic() + again_in
                while (left := until - time.monotonic()) > 0:
                    _listen(selector, min(left, _STEP_S), answers)
        kept = [each for group in answers.heard.values() for each in group]
        shown = tuple(name for name in asked if not _is_loop(name))
        return Search(devices=merge(kept), asked=shown, more=answers.more)


def _open_all() -> list[_Ear]:
    """Open a socket per interface and IP version; skip interfaces that are down or have no such address."""
    try:
        interfaces = socket.if_nameindex()
    except OSError as error:
        _log.info("this system does not name its interfaces: %s", error)
        return []
    ears = []
    for index, name in interfaces:
        for family in _GROUPS:
            try:
                ears.append(_Ear(name, index, _open(family, index)))
            except OSError as error:
                _log.info("%s: not asked: %s", name, error)
    return ears


def _open(family: socket.AddressFamily, index: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
        else:
            # Windows takes the index itself, in network order; the others a struct ip_mreqn.
            chosen = struct.pack("!I", index) if sys.platform == "win32" else struct.pack("@4s4si", b"", b"", index)
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, chosen)
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        opened.bind(("::" if family == socket.AF_INET6 else "", 0))
        opened.settimeout(0)
    except BaseException:
        opened.close()
        raise
    return opened


def _ask(ear: _Ear, probes: list[bytes]) -> bool:
    group = _GROUPS[socket.AddressFamily(ear.socket.family)]
    place = (group, PORT, 0, ear.index) if ":" in group else (group, PORT)
    try:
        for probe in probes:
            ear.socket.sendto(probe, place)
    except OSError as error:
        _log.info("%s: not asked by %s: %s", ear.name, "IPv6" if ":" in group else "IPv4", error)
        return False
    return True


def _listen(selector: selectors.BaseSelector, within_s: float, answers: _Answers) -> None:
    if not selector.get_map():
        time.sleep(within_s)  # Windows' select takes no empty list
        return
    for key, _ in selector.select(within_s):
        ear: _Ear = key.data
        try:
            datagram, place = ear.socket.recvfrom(LARGEST_ANSWER)
        except OSError as error:
            _log.info("%s: %s", ear.name, error)
            continue
        source = str(place[0]).partition("%")[0]
        if ":" in source and place[3]:
            source += f"%{ear.name}"
        answers.add(datagram, source, ear.name)


def _is_loop(name: str) -> bool:
    return name == "lo" or name.startswith(("lo0", "Loopback"))
