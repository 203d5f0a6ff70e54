"""Make a Linux host the proven sFTP receiver of an INSTAR 2k+ camera."""

__version__ = "0.1.0"
