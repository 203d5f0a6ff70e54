"""The emulated camera's answer to WS-Discovery probes: unicast, to the source of the probe.

Source: WS-Discovery of April 2005; ONVIF Core Specification, section 7.3.
"""

import re
import selectors
import socket
import struct
import threading
import uuid
from contextlib import suppress
from urllib.parse import quote

from receiver_setup.emulator.camera.profile import Profile

PORT = 3702
_GROUP, _GROUP6 = "239.255.255.250", "ff02::c"
_IP_MULTICAST_ALL = 49
"""Not in Python's socket module. Source: ip(7)."""
_MESSAGE = re.compile(rb"MessageID[^>]*>\s*([A-Za-z0-9:._-]{1,200})\s*<")
_TYPES = re.compile(rb":(?:NetworkVideoTransmitter|Device)\s*<")
_ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:wsdd="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:tdn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
    "<SOAP-ENV:Header><wsa:MessageID>urn:uuid:{own}</wsa:MessageID><wsa:RelatesTo>{probe}</wsa:RelatesTo>"
    "<wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>"
    "<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action></SOAP-ENV:Header>"
    "<SOAP-ENV:Body><wsdd:ProbeMatches><wsdd:ProbeMatch>"
    "<wsa:EndpointReference><wsa:Address>urn:uuid:{endpoint}</wsa:Address></wsa:EndpointReference>"
    "<wsdd:Types>tdn:NetworkVideoTransmitter tds:Device</wsdd:Types>"
    "<wsdd:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/Profile/Streaming "
    "onvif://www.onvif.org/name/{name} onvif://www.onvif.org/hardware/2K%2B "
    "onvif://www.onvif.org/location/</wsdd:Scopes>"
    "<wsdd:XAddrs>{xaddrs}</wsdd:XAddrs><wsdd:MetadataVersion>1</wsdd:MetadataVersion>"
    "</wsdd:ProbeMatch></wsdd:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
)


class Answerer:
    """Listens on port 3702, shared with others; raises OSError if it cannot."""

    def __init__(self, profile: Profile, *, host: str) -> None:
        self._profile = profile
        self._endpoint = uuid.uuid4()
        self._waker = socket.socketpair()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="emulated-camera-discovery")
        try:
            if ":" not in host or host == "::":
                self._sockets.append(_listen4("0.0.0.0" if host == "::" else host))  # noqa: S104  as asked for
            if ":" in host:
                self._sockets.append(_listen6())
        except OSError:
            self._close_sockets()
            raise

    def start(self) -> None:
        """Answer in a separate thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        if self._thread.is_alive():
            self._waker[0].send(b"!")
            self._thread.join()
        self._close_sockets()

    def _close_sockets(self) -> None:
        for each in (*self._sockets, *self._waker):
            each.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (*self._sockets, self._waker[1]):
                selector.register(each, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._waker[1] in ready:
                    return
                for listening in (each for each in self._sockets if each in ready):
                    with suppress(OSError):
                        self._answer(listening)

    def _answer(self, listening: socket.socket) -> None:
        datagram, asker = listening.recvfrom(65_536)
        message = _MESSAGE.search(datagram)
        if message is None or b"Probe" not in datagram or not _TYPES.search(datagram):
            return
        own = self._profile.discovery_address or _own_address(listening.family, asker)
        text = _ANSWER.format(
            own=uuid.uuid4(),
            probe=message[1].decode(),
            endpoint=self._endpoint,
            name=quote(self._profile.discovery_name, safe=""),
            xaddrs=f"http://169.254.7.7/onvif/device_service http://{own}:8080/onvif/device_service",
        )
        listening.sendto(text.encode(), asker)


def _listen4(host: str) -> socket.socket:
    listening = _bind(socket.AF_INET, "")
    listening.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    indexes = [index for index, _ in socket.if_nameindex()] if host == "0.0.0.0" else [0]  # noqa: S104  as asked for
    own = socket.inet_aton("0.0.0.0" if len(indexes) > 1 else socket.gethostbyname(host))  # noqa: S104  as above
    for index in indexes:
        with suppress(OSError):  # an interface that is down
            request = struct.pack("@4s4si", socket.inet_aton(_GROUP), own, index)
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    return listening


def _listen6() -> socket.socket:
    listening = _bind(socket.AF_INET6, "::")
    for index, _ in socket.if_nameindex():
        with suppress(OSError):
            request = struct.pack("@16si", socket.inet_pton(socket.AF_INET6, _GROUP6), index)
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    return listening


def _bind(family: socket.AddressFamily, host: str) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, PORT))
    except OSError:
        listening.close()
        raise
    return listening


def _own_address(family: int, asker: tuple[object, ...]) -> str:
    """Return the source address of an answer to `asker`."""
    with socket.socket(family, socket.SOCK_DGRAM) as way:
        way.connect(asker)
        address = str(way.getsockname()[0]).partition("%")[0]
    return f"[{address}]" if ":" in address else address
