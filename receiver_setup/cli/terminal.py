"""Whether there is somebody to ask: a terminal to read from, and one to show the question on."""

import sys


def on_terminal() -> bool:
    """Tell whether a question would be seen and could be answered; a stream that was closed is none."""
    return all(stream is not None and not stream.closed and stream.isatty() for stream in (sys.stdin, sys.stderr))
