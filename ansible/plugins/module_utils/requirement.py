"""Check that the Python package of the collection is installed and new enough."""

from __future__ import annotations

import sys

NEEDED = "0.1.0"
"""The first release with everything that this release of the collection calls."""


def find_problem():
    """Return the problem with the package receiver-setup in this Python; None if there is none."""
    where = f"the Python of Ansible here, {sys.executable}"
    how = f"install it there: {sys.executable} -m pip install 'receiver-setup>={NEEDED}'"
    try:
        from receiver_setup import __version__  # noqa: PLC0415 - it may be missing
    except ImportError as error:
        return f"the collection receiver_setup.instar needs the package receiver-setup in {where}: {error}; {how}"
    if _numbers(__version__) < _numbers(NEEDED):
        return (
            f"the collection receiver_setup.instar needs receiver-setup {NEEDED} or newer in {where}, "
            f"and {__version__} is installed; {how}"
        )
    return None


def _numbers(version):
    """Return a version as numbers to compare: 0.10.0rc1 is (0, 10, 0)."""
    digits = (
        "".join(c for c in part.partition("rc")[0].partition("b")[0] if c.isdigit()) for part in version.split(".")
    )
    return tuple(int(part or 0) for part in digits)[:3]
