"""Whether there is somebody to ask: a terminal to read from, and one to show the question on."""

import sys

from receiver_setup.errors import ConfigurationError

_OPTIONS = (
    "give the answers as options: --receiver [USER@]HOST[:PORT] or --local, --camera HOST, --home, --upload, and the "
    "password by --camera-password-file or RECEIVER_SETUP_CAMERA_PASSWORD"
)


def on_terminal() -> bool:
    """Tell whether a question would be seen and could be answered; a stream that was closed is none."""
    return all(stream is not None and not stream.closed and stream.isatty() for stream in (sys.stdin, sys.stderr))


def require_terminal() -> None:
    """Never wait for an answer that nobody can give."""
    if not on_terminal():
        raise ConfigurationError("something has to be asked, and there is no terminal to ask on", hint=_OPTIONS)
