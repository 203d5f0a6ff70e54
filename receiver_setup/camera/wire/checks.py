"""Check values against the camera's limits before they are sent (pure)."""

from receiver_setup.errors import ConfigurationError


def check_range(name: str, value: int | None, lowest: int, highest: int, unit: str = "") -> None:
    """Refuse a number outside the camera's limits; None means that it is not sent.

    >>> check_range("interval", 3601, 1, 3600, "seconds")
    Traceback (most recent call last):
    ...
    receiver_setup.errors.ConfigurationError: the interval 3601 is not a whole number from 1 to 3600 seconds
    """
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        allowed = f"a whole number from {lowest} to {highest} {unit}".rstrip()
        raise ConfigurationError(f"the {name} {value} is not {allowed}", hint=f"give {allowed}")


def check_text(name: str, value: str | None, *, empty: bool = True) -> None:
    """Refuse control characters and lone surrogates, which no field of a camera can store.

    The error does not repeat the value, which may be a password.
    """
    if value is None:
        return
    if not value and not empty:
        raise ConfigurationError(f"the {name} is empty", hint=f"give a {name}")
    if any(ord(c) < ord(" ") or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value):
        raise ConfigurationError(
            f"the {name} holds a line break or another control character, which no camera stores",
            hint=f"write the {name} on one line, without control characters",
        )


def check_something(command: str, parameters: tuple[tuple[str, str], ...], *, needed: int = 1) -> None:
    """Refuse a change that changes nothing."""
    if len(parameters) < needed:
        raise ConfigurationError(f"nothing was given for {command} to change", hint="give at least one setting")


def flag_text(*, value: bool) -> str:
    """Write a yes or no as the camera does.

    >>> flag_text(value=True)
    '1'
    """
    return "1" if value else "0"
