"""The emulated camera's web server: connections, TLS, resets; the answers come from the engine."""

import gzip
import logging
import selectors
import socket
import ssl
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from receiver_setup.emulator.camera.commands import render_reply
from receiver_setup.emulator.camera.engine import Answer, Engine
from receiver_setup.emulator.camera.login import Login
from receiver_setup.emulator.camera.recorded import fill, parse_fields

log = logging.getLogger(__name__)
_PATH = "/param.cgi"
_LARGEST_FORM = 65_536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing sends a reset


_SCHEMES = {"basic": "Basic", "token": "Bearer"}
"""The schemes that a 401 may offer; a login in the query is not an HTTP scheme."""
_GREETINGS = {"ssh": b"SSH-2.0-dropbear_2020.81\r\n", "ftp": b"220 (vsFTPd 3.0.3)\r\n"}
"""Greetings of servers that speak first."""
_ANSWERS = {
    "rtsp": b"RTSP/1.0 400 Bad Request\r\nCSeq: 0\r\n\r\n",
    "http/0.9": b"<html><body>It works</body></html>\n",
}
"""Answers of other servers to any request."""
_HANDSHAKE = b"\x16"
"""The first byte of TLS."""
_PLAIN_REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_ODD_KEYS = {'enable["odd"]': "1", "2k_mode": "0", "a:b": "c", "odd": 'say "hi"; a="b"'}


class Server(ThreadingHTTPServer):
    """One listening socket and its connections; a reboot makes a new one on the same port."""

    daemon_threads = False
    request_queue_size = 128
    timeout = 0  # `handle_request` is called when there is one

    def __init__(
        self, address: tuple[str, int], engine: Engine, tls: ssl.SSLContext | None, reboot: Callable[[], None]
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.engine = engine
        self.reboot = reboot
        self._tls = tls
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._waker = socket.socketpair()
        super().__init__(address, _Handler)
        self._thread = threading.Thread(target=self._accept, name="emulated-camera")

    def server_bind(self) -> None:
        """Bind without asking a name server for our own name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "emulated-camera", self.server_address[1]

    def start(self) -> None:
        """Serve in a separate thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting connections."""
        if self._thread.is_alive():
            self._waker[0].send(b"!")
            self._thread.join()

    def server_close(self) -> None:
        """Close the port and wait for the threads of its connections."""
        super().server_close()
        for end in self._waker:
            end.close()

    def _accept(self) -> None:
        """Wait without polling, so that many idle cameras cost nothing."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            selector.register(self._waker[1], selectors.EVENT_READ)
            while self._waker[1] not in {key.fileobj for key, _ in selector.select()}:
                self.handle_request()

    def drop_connections(self) -> None:
        """Wake every thread that waits for a request."""
        with self._lock:
            for connection in self._connections:
                _shut(connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept one connection; its TLS handshake happens in its own thread."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection and end it."""
        with self._lock:
            self._connections.discard(request)
        _shut(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  as in socketserver
        """Log the error instead of printing it, since clients often hang up."""
        error = sys.exception()
        if not isinstance(error, OSError):
            log.error("request from %s: %r", client_address[0], error)


def _begins_plainly(connection: socket.socket) -> bool:
    """Return True if a client begins without TLS."""
    return isinstance(connection, ssl.SSLSocket) and socket.socket.recv(connection, 1, socket.MSG_PEEK) != _HANDSHAKE


def _pack(body: bytes, how: str) -> tuple[bytes, str]:
    """Return the body and its Content-Encoding."""
    if how == "gzip":
        return gzip.compress(body), "gzip"
    if how in {"deflate", "raw-deflate"}:
        return zlib.compress(body, wbits=15 if how == "deflate" else -15), "deflate"
    return body, "gzip" if how == "label-only" else ""


def _with_odd_keys(text: str) -> str:
    """Add them after the first line."""
    first, end, rest = text.partition("\n")
    line_end = "\r\n" if first.endswith("\r") else "\n"
    odd = "".join(f'{name}="{value}";{line_end}' for name, value in _ODD_KEYS.items())
    return first + end + odd + rest


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection of one client."""

    protocol_version = "HTTP/1.1"
    server_version = "emulated-camera"
    sys_version = ""
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        """Serve the connection as a camera, or as another kind of server."""
        profile = self.server.engine.profile
        if profile.https_plain == "400" and _begins_plainly(self.connection):
            socket.socket.recv(self.connection, _LARGEST_FORM)
            socket.socket.sendall(self.connection, _PLAIN_REFUSAL)
            return
        if profile.serves == "http":
            super().handle()
            return
        greeting = _GREETINGS.get(profile.serves, b"")
        self.wfile.write(greeting)
        if self.connection.recv(_LARGEST_FORM) and not greeting:
            self.wfile.write(_ANSWERS[profile.serves])

    def do_GET(self) -> None:
        """Answer a command in the query."""
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        """Answer a command in the query, the form, or both."""
        length = self.headers.get("Content-Length", "0")
        size = min(int(length) if length.isdecimal() else 0, _LARGEST_FORM)
        form = self.rfile.read(size).decode("utf-8", "replace")
        self._answer("&".join(part for part in (urlsplit(self.path).query, form) if part))

    def log_message(self, *_args: object) -> None:
        """Do not log, because a query may contain a password."""

    def _answer(self, query: str) -> None:
        if urlsplit(self.path).path != _PATH:
            self._send(404, "<html><body>404 Not Found</body></html>\n", kind="text/html")
            return
        profile = self.server.engine.profile
        if "%" in self.headers.get("Host", ""):  # as web servers do: the zone of a link-local address is no part of it
            self._send(400, "<html><body>400 Bad Request</body></html>\n", kind="text/html")
            return
        if profile.redirect_to:
            self._send(302, "", headers={"Location": profile.redirect_to})
            return
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        header = self.headers.get("Authorization", "")
        if 0 < profile.authorization_limit < len(header):
            log.error("crashed by an Authorization header of %d characters", len(header))
            self._reset()
            return
        answer = self.server.engine.answer(parameters, authorization=header, address=self.client_address[0])
        command = parameters.get("cmd", "")
        log.info("%s: %s", command if command.isidentifier() else repr(command), self._describe(answer))
        if answer.reboots or self.server.engine.closing.is_set():
            self._drop()
            return
        self._reply(command, answer)

    def _describe(self, answer: Answer) -> str:
        if answer.reboots:
            return "rebooting"
        return f"response {int(answer.reply.code)}" if answer.login is Login.GOOD else answer.login.value

    def _reply(self, command: str, answer: Answer) -> None:
        profile = self.server.engine.profile
        status = answer.reply.http_status
        if answer.login is Login.OVERRUN:
            status = 401
        elif answer.login not in {Login.GOOD, Login.BLOCKED} and profile.login_refused_as != "211":
            status = int(profile.login_refused_as)
        if status != 200:
            realm = '"camera"' if profile.realm_quotes else "camera"
            schemes = [_SCHEMES[method] for method in profile.login_methods if method in _SCHEMES]
            offered = ", ".join(f"{scheme} realm={realm}" for scheme in schemes)
            asks = status == 401 and profile.challenge and offered
            challenge = {"WWW-Authenticate": offered} if asks else {}
            self._send(status, f"<html><body>{status}</body></html>\n", kind="text/html", headers=challenge)
            return
        text = render_reply(profile.reply_cmd or command, answer.reply, crlf=profile.crlf)
        text = _with_odd_keys(text) if profile.odd_keys else text
        recorded = self.server.engine.recorded
        exchange = None if recorded is None else recorded.find(command, parse_fields(text))
        if exchange is None:
            self._send(status, text)
        else:
            self._send_recorded(exchange, fill(exchange["body"], parse_fields(text)))

    def _send_recorded(self, exchange: Mapping[str, Any], text: str) -> None:
        """Send an answer in its recorded form: status line, order of headers, chunks, compression."""
        body = text.encode("utf-8", "surrogateescape")
        headers = [(str(name), str(value)) for name, value in exchange["headers"]]
        named = {name.lower(): value.lower() for name, value in headers}
        if "gzip" in named.get("content-encoding", ""):
            body = gzip.compress(body)
        if "chunked" in named.get("transfer-encoding", ""):
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        lines = [str(exchange["status_line"])]
        lines += [f"{name}: {len(body) if name.lower() == 'content-length' else value}" for name, value in headers]
        bounded = "content-length" in named or "chunked" in named.get("transfer-encoding", "")
        self.close_connection = not (bounded and self.server.engine.profile.keep_alive)
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)

    def _send(
        self, status: int, text: str, *, kind: str = "text/plain", headers: Mapping[str, str] | None = None
    ) -> None:
        profile = self.server.engine.profile
        body, encoding = _pack(text.encode("utf-8", "surrogateescape"), profile.content_encoding)
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if encoding:
            self.send_header("Content-Encoding", encoding)
        if profile.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            parts = (*filter(None, (body[:20], body[20:])), b"")
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        elif profile.content_lengths != "none":
            self.send_header("Content-Length", str(len(body)))
        if profile.content_lengths == "two":
            self.send_header("Content-Length", str(len(body) + 1))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if not profile.keep_alive or profile.content_lengths == "none":
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _drop(self) -> None:
        """Reset the connection, once the port is closed (unless the reboot takes no time at all)."""
        if self.server.engine.profile.reboot_s and not self.server.engine.closing.is_set():
            self.server.reboot()
        self._reset()

    def _reset(self) -> None:
        self.close_connection = True
        try:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        except OSError:
            return
        self.connection.close()
