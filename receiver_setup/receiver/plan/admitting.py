"""Remedies for an upload user that sshd's lists of users and groups exclude (pure).

What a list allows is only ever added to, in a Match block for the upload user alone: within one, AllowUsers and
AllowGroups take the place of what holds for everybody, and those of several blocks add up. Tried on OpenSSH 8.4, 9.2,
10.0 and 10.6. What a list denies is somebody's decision: the edit is told in words.
"""

import re
from collections.abc import Sequence

from receiver_setup.formats.sshd_config import parse_effective
from receiver_setup.receiver.facts.configuration import ConfigurationLine
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.admission import Refusal, find_refusal
from receiver_setup.receiver.plan.platforms import find_group
from receiver_setup.receiver.plan.remedy import add_lines, delete_line, edit_line, replace_line, then_reload

_WORD = re.compile(r'"[^"]*"|[^\s"]+')


def admit(facts: Facts, *, user: str, groups: Sequence[str], addresses: Sequence[str], reload: bool = True) -> str:
    """Return the remedy that admits `user` from all of `addresses`, or from everywhere without any."""
    effective = parse_effective(facts.sshd_effective)
    for keyword in ("denyusers", "denygroups"):
        values = effective.get(keyword, [])
        refusal = find_refusal({keyword: values}, user=user, groups=groups, addresses=addresses)
        if refusal is not None:
            return _stop_denying(facts, refusal, values, reload=reload)
    own = find_group(facts, effective.get("allowgroups", []))
    if own is not None and _allow_group(effective.get("allowgroups", []), user, groups):
        return f"give --groups {own[1]}, by which {user} joins the group that {own[0].name} has for such users"
    lines = [
        *_allow_user(effective.get("allowusers", []), user, addresses),
        *_allow_group(effective.get("allowgroups", []), user, groups),
    ]
    if not lines:
        return f"let {user} in{then_reload(facts, reload=reload)}"
    return f"let it in: {add_lines(facts, f'allow-{user}', [*lines, 'Match all'], reload=reload)}"


def word_lines(facts: Facts, refusal: Refusal, values: Sequence[str]) -> list[ConfigurationLine]:
    """Return the lines that form an effective list; of a Deny list those with the pattern."""
    lines = [line for line in facts.configuration if line.name == refusal.keyword and set(line.words) <= set(values)]
    return [line for line in lines if refusal.pattern in line.words] if refusal.denies else lines


def _allow_user(values: Sequence[str], user: str, addresses: Sequence[str]) -> list[str]:
    sources: list[str | None] = [*addresses] or [None]
    refusals = [
        find_refusal({"allowusers": [*values]}, user=user, groups=(), addresses=() if source is None else (source,))
        for source in sources
    ]
    refused = [refusal for refusal in refusals if refusal is not None]
    if not refused:
        return []
    by_host = [each.address for each in refused if each.address is not None]
    # An address with an interface is one that Match Address cannot take.
    narrow = f" Address {','.join(by_host)}" if len(by_host) == len(refused) and "%" not in "".join(by_host) else ""
    return [f"Match User {user}{narrow}", f"    AllowUsers {user}"]


def _allow_group(values: Sequence[str], user: str, groups: Sequence[str]) -> list[str]:
    if find_refusal({"allowgroups": [*values]}, user=user, groups=groups, addresses=()) is None:
        return []
    # `id` prints names with blanks as several; any of its groups will do, for this user alone.
    return [f"Match User {user}", f"    AllowGroups {user if user in groups else '*'}"]


def _stop_denying(facts: Facts, refusal: Refusal, values: Sequence[str], *, reload: bool) -> str:
    pattern = refusal.pattern or ""
    lines = word_lines(facts, refusal, values)
    if not lines:
        return f"take {pattern} out of that list{then_reload(facts, reload=reload)}"
    edits = " and ".join(_without(facts, line, pattern) for line in lines)
    others = f" (it shuts out others, too, whose names are like {pattern})" if set(pattern) & set("*?") else ""
    return f"take {pattern} out{others}: {edits}{then_reload(facts, reload=reload)}"


def _without(facts: Facts, line: ConfigurationLine, pattern: str) -> str:
    """Return the edit of one line, all but the pattern as it is written there."""
    if any(c in re.sub(r'"[^"]*"', "", line.value) for c in "\\'#"):
        return edit_line(facts, line, f"edit `{line.text}` at {line.place}")
    rest = [word for word in _WORD.findall(line.value) if word.strip('"') != pattern]
    return replace_line(facts, line, " ".join([line.keyword, *rest])) if rest else delete_line(facts, line)
