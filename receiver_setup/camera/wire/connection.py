"""How to connect to a camera (pure): certificates and retries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from receiver_setup.errors import ConfigurationError

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_FIRST_LOOK_S = 0.25
_LONGEST_LOOK_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Which HTTPS certificate of the camera to accept; by default, one signed by the system's authorities.

    The certificate belongs to the camera's DDNS name or to its owner, so it seldom matches a LAN address.
    Source: INSTAR wiki, Web_User_Interface/1440p_Series, Network/CA_Certificate.
    """

    ca_file: Path | None = None
    fingerprint: str | None = None
    """SHA-256 of the certificate, 64 hex digits, colons allowed; its host name is not checked then."""
    insecure: bool = False

    def __post_init__(self) -> None:
        if sum((self.ca_file is not None, self.fingerprint is not None, self.insecure)) > 1:
            raise ConfigurationError(
                "more than one way to check the camera's certificate was given",
                hint="give one of --camera-ca-file, --camera-fingerprint and --camera-insecure",
            )
        if self.fingerprint is not None:
            object.__setattr__(self, "fingerprint", normal_fingerprint(self.fingerprint))


def normal_fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint as 64 lower-case hex digits; ConfigurationError if it is invalid.

    >>> normal_fingerprint("AB:" * 31 + "CD") == "ab" * 31 + "cd"
    True
    """
    digits = re.sub(r"[:\s]", "", text.strip().lower().removeprefix("sha256:").removeprefix("sha256="))
    if not _SHA256_HEX.fullmatch(digits):
        raise ConfigurationError(
            "the fingerprint of the camera's certificate is not a SHA-256 fingerprint",
            hint="it has 64 hexadecimal digits, with or without colons: AB:CD:…",
        )
    return digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a camera that is busy, or that goes away after it has answered.

    Busy (response 213, test result -6): `tries` attempts in all (two for -4, a timeout); the first wait is
    `first_wait_s` seconds, each further one `factor` times as long. Rebooting: one attempt every `reboot_step_s`
    seconds for `reboot_s` seconds. A setting that was accepted but is not set yet: read again, with growing waits,
    for `hold_s` seconds.
    """

    tries: int = 5
    first_wait_s: float = 1.0
    factor: float = 2.0
    reboot_s: float = 45.0
    reboot_step_s: float = 1.0
    hold_s: float = 12.0

    def __post_init__(self) -> None:
        numbers = (self.first_wait_s, self.factor, self.reboot_s, self.reboot_step_s, self.hold_s)
        if self.tries < 1 or min(numbers) < 0:
            raise ConfigurationError("patience needs at least one try and no negative time")

    def waits(self) -> Iterator[float]:
        """Yield the seconds to wait after each attempt but the last.

        >>> list(Patience(tries=4).waits())
        [1.0, 2.0, 4.0]
        """
        for attempt in range(self.tries - 1):
            yield self.first_wait_s * self.factor**attempt

    def looks(self) -> Iterator[float]:
        """Yield the seconds to wait before each further reading of a setting that is not set yet.

        >>> list(Patience(hold_s=3.0).looks())
        [0.25, 0.5, 1.0, 1.25]
        """
        wait_s, left_s = _FIRST_LOOK_S, self.hold_s
        while left_s > 0:
            yield min(wait_s, left_s)
            left_s -= wait_s
            wait_s = min(2 * wait_s, _LONGEST_LOOK_S)
