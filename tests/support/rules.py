"""What breaks a rule, listed whole: pytest itself cuts a long comparison short."""

from collections.abc import Iterable, Mapping


def listed(offenders: Mapping[str, object] | Iterable[str]) -> str:
    """Return one line for each offender, with what is wrong about it if that is known."""
    if isinstance(offenders, Mapping):
        lines = [f"{name}: {wrong}" for name, wrong in offenders.items()]
    else:
        lines = sorted(offenders)
    return "\n".join([f"{len(lines)} break the rule:", *lines])
