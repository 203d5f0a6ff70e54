"""The process of the command: the first Ctrl-C ends it in order, and no other one can spoil that."""

import sys
from typing import NoReturn

from receiver_setup.process.interrupts import end_undisturbed, interrupt_once


def main() -> NoReturn:
    """Be the command; exits with its exit code."""
    interrupt_once()
    try:
        from receiver_setup.cli import run  # noqa: PLC0415 - takes a moment, in which Ctrl-C may come

        run()
    except KeyboardInterrupt:  # before anything could be told
        sys.exit(130)
    finally:
        end_undisturbed()


if __name__ == "__main__":
    main()
