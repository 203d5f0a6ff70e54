r"""Recognise a service that answers in place of a camera's web server by its first bytes (pure).

>>> name_service(b"SSH-2.0-OpenSSH_9.2p1\r\n")
"an SSH server answers there: 'SSH-2.0-OpenSSH_9.2p1'"
>>> name_service(b"HTTP/1.0 400 Bad Request\r\n\r\n")
'a web server answers there by plain HTTP'
"""

from collections.abc import Callable

from receiver_setup.camera.wire.reply import excerpt

_TLS_RECORDS = range(0x14, 0x18)
_TLS_VERSION = 3
_BANNERS = (
    (b"SSH-", "an SSH server"),
    (b"RTSP/", "an RTSP server (for video streams)"),
    (b"SIP/", "a SIP server"),
    (b"ICY ", "a server of audio streams"),
    (b"220", "an FTP or mail server"),
    (b"421", "an FTP or mail server"),
    (b"554", "a mail server"),
    (b"+OK", "a POP3 server"),
    (b"* OK", "an IMAP server"),
    (b"RFB ", "a VNC server"),
    (b"@RSYNCD:", "an rsync server"),
    (b"\xff\xfb", "a Telnet server"),
    (b"\xff\xfd", "a Telnet server"),
)
SERVICE_HINT = "Give the port of the camera's own web server: usually 80, or 443 for an address with https://."


def is_http(beginning: bytes) -> bool:
    """Return True if an answer begins like HTTP, or is still too short to tell."""
    return beginning.startswith(b"HTTP/"[: len(beginning)])


def is_tls(beginning: bytes) -> bool:
    """Return True if an answer begins with a TLS record: part of a handshake, or an alert."""
    return len(beginning) > 1 and beginning[0] in _TLS_RECORDS and beginning[1] == _TLS_VERSION


def name_service(beginning: bytes, redact: Callable[[str], str] = lambda text: text) -> str:
    """Describe the service, with the first line that it sent, cleaned by `redact`."""
    if is_tls(beginning):
        return "a server that speaks TLS answers there"
    if is_http(beginning):
        return "a web server answers there by plain HTTP"
    line = beginning.strip().partition(b"\n")[0].decode("latin-1")
    for banner, name in _BANNERS:
        if beginning.startswith(banner):
            return f"{name} answers there" + (f": {excerpt(line, redact)}" if line.isascii() else "")
    return f"something answers there without HTTP's status line: {excerpt(line, redact)}"
