"""The state of an emulated camera: settings, keys, trusted hosts, tokens, blocked addresses.

All except the tokens survives an emulated reboot. Thread-safe.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING

from receiver_setup.emulator.camera.profile import Profile

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

FACTORY_FIELDS = {
    "ft_server": "",
    "ft_port": "21",
    "ft_username": "",
    "ft_password": "",
    "ft_dirname": "./",
    "ft_dirmode": "0",
    "ft_mode": "1",
    "ft_ssl": "0",
    "ft_insecure": "1",
    "ft_autocreatedir": "0",
}
"""Fields of getftpattr in the order in which it prints them, with made-up factory values."""

FACTORY_ACTIONS = {
    "rec": {"enable": "0", "interval": "0"},
    "snap": {"enable": "0", "interval": "15"},
    "timersnap": {"enable": "0", "interval": "820"},
}
FACTORY_ATTRIBUTES = {
    "ftpactionattr": {"snapcount": "5"},
    "snapschedftpattr": {"mode": "0", "prefix": "0", "name": "snapshot", "enable": "0", "times": "0-1"},
    "snaptimerftpattr": {"mode": "1", "prefix": "1", "name": "test"},
}
"""Source: the values that the FTP page prints."""


class CameraState:
    """The camera's state; `lock` is held while a command reads and changes it."""

    def __init__(
        self, profile: Profile, settings: Mapping[str, str] | None = None, key: "RSAPrivateKey | None" = None
    ) -> None:
        self.lock = RLock()
        self.fields: dict[str, str] = FACTORY_FIELDS | dict(settings or {})
        self.actions = {name: dict(values) for name, values in FACTORY_ACTIONS.items()}
        self.attributes = {name: dict(values) for name, values in FACTORY_ATTRIBUTES.items()}
        self.trusted_host_keys: list[str] = []
        self.pending: list[tuple[float, Callable[[], None]]] = []
        """Pending changes: the time on the monotonic clock, and the function that applies the change."""
        self.tests_stored = 0
        self.tests_asked = 0
        self.commands_seen: dict[str, int] = {}
        self.requests_seen = 0
        self.profile = profile
        self._key = key
        self._borrowed: list[RSAPrivateKey] = []
        self._tokens: dict[str, float] = {}
        self._refusals: dict[str, int] = {}
        self._blocked_until: dict[str, float] = {}

    def take_over(
        self,
        fields: Mapping[str, str],
        actions: Mapping[str, Mapping[str, str]],
        attributes: Mapping[str, Mapping[str, str]],
        settings: Mapping[str, str],
    ) -> None:
        """Start as a recorded camera: its fields in order, then those that it does not report; then `settings`."""
        hidden = {name: value for name, value in FACTORY_FIELDS.items() if name not in fields}
        self.fields = {**fields, **hidden, **settings}
        for name, values in actions.items():
            self.actions[name] |= values
        for group, values in attributes.items():
            self.attributes[group] |= values

    @property
    def key(self) -> "RSAPrivateKey | None":
        """The camera's own key, made when first needed; None if the profile has none."""
        if self.profile.key == "none":
            return None
        with self.lock:
            return self._key or self.make_key()

    def make_key(self) -> "RSAPrivateKey":
        """Replace the camera's own key and return the new one."""
        from receiver_setup.emulator.camera.rsa_keys import borrow_key  # noqa: PLC0415  loads cryptography

        with self.lock:
            self._key = borrow_key(int(self.profile.rsa_bits))
            self._borrowed.append(self._key)
            return self._key

    @property
    def public_key_line(self) -> str | None:
        """`ssh-rsa BASE64` of the camera's own key, or None."""
        from receiver_setup.emulator.camera.rsa_keys import render_public_line  # noqa: PLC0415  as above

        key = self.key
        return None if key is None else render_public_line(key)

    def release_keys(self) -> None:
        """Release the keys, because the camera is closed."""
        if not self._borrowed:
            return
        from receiver_setup.emulator.camera.rsa_keys import give_back  # noqa: PLC0415  as above

        with self.lock:
            while self._borrowed:
                give_back(self._borrowed.pop())

    def trust(self, host_key: str, *, replace: bool) -> bool:
        """Trust `host_key` (bare base64), instead of older ones or in addition; return whether that is a change."""
        with self.lock:
            before = list(self.trusted_host_keys)
            kept = [] if replace else [known for known in before if known != host_key]
            then = [*kept, host_key]
            self.later(lambda: self.trusted_host_keys.__setitem__(slice(None), then))
            return set(before) != set(then)

    def later(self, change: Callable[[], None]) -> None:
        """Apply a change now, or after the profile's delay."""
        with self.lock:
            self.pending.append((time.monotonic() + self.profile.late_s, change))
            self.catch_up()

    def catch_up(self) -> None:
        """Apply all changes that are due, in order."""
        with self.lock:
            while self.pending and self.pending[0][0] <= time.monotonic():
                self.pending.pop(0)[1]()

    def count_request(self) -> int:
        """Count a request with a correct login; return its number from 1."""
        with self.lock:
            self.requests_seen += 1
            return self.requests_seen

    def count_command(self, command: str) -> tuple[int, int]:
        """Count a command; return its number from 1, in all and of this name."""
        with self.lock:
            self.commands_seen[command] = self.commands_seen.get(command, 0) + 1
            return sum(self.commands_seen.values()), self.commands_seen[command]

    def make_token(self) -> tuple[str, int]:
        """Return a new bearer token and its expiry as Unix time."""
        token = secrets.token_hex(16)
        until = time.time() + self.profile.token_s
        with self.lock:
            self._tokens[token] = until
        return token, int(until)

    def knows_token(self, token: str) -> bool:
        """Return True if `token` is one of ours and has not expired."""
        with self.lock:
            return self._tokens.get(token, 0.0) > time.time()

    def forget_tokens(self) -> None:
        """Drop the state that a reboot loses."""
        with self.lock:
            self._tokens.clear()

    def is_blocked(self, address: str) -> bool:
        """Return True if `address` is blocked now."""
        with self.lock:
            return self._blocked_until.get(address, 0.0) > time.monotonic()

    def count_refusal(self, address: str) -> None:
        """Count a refused login from `address`, and block it after too many."""
        with self.lock:
            self._refusals[address] = self._refusals.get(address, 0) + 1
            if 0 < self.profile.lockout_tries <= self._refusals[address]:
                self._blocked_until[address] = time.monotonic() + self.profile.lockout_s
                self._refusals[address] = 0

    def clear_refusals(self, address: str) -> None:
        """Reset the count of `address` after a correct login."""
        with self.lock:
            self._refusals.pop(address, None)
