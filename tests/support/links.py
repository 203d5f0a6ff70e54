"""SSH connections of this process, and how to break one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from receiver_setup.receiver.hosts.tunnel import Transport


def _transports() -> set[Transport]:
    return {thread for thread in threading.enumerate() if isinstance(thread, Transport)}


@contextmanager
def breakable() -> Iterator[Callable[[], None]]:
    """Give what breaks the one connection that is made in the body: every write fails from then on.

    paramiko finds out by itself a tenth of a second later.
    """
    before = _transports()

    def break_it() -> None:
        (made,) = _transports() - before
        made.packetizer.close()

    yield break_it
