"""Check that sshd would accept a camera's key (pure): its size, its signatures, and the folders above the key file.

sshd is asked with and without the upload user: since OpenSSH 9.6 it tells a client before the login which signatures
it takes (server-sig-algs, RFC 8308), by the global list; a client that heeds it offers nothing else.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import Authentication, parse_effective
from receiver_setup.formats.upload_rules import KEY_FILE_PATTERN
from receiver_setup.receiver.facts.configuration import ConfigurationLine, read_order
from receiver_setup.receiver.facts.model import Facts, PathState
from receiver_setup.receiver.plan.remedy import (
    add_lines,
    command,
    delete_line,
    leave_out,
    paste,
    replace_line,
    then_reload,
)
from receiver_setup.receiver.plan.suitability import where

KEY_FOLDER = KEY_FILE_PATTERN.rpartition("/")[0]
_SHA1 = "ssh-rsa"
_RSA_SHA2 = ("rsa-sha2-512", "rsa-sha2-256")
_SIZE = "requiredrsasize"
_ALGORITHMS = ("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes")
_TELLS_GLOBAL_LIST_FROM = (9, 6)
"""Older releases announce all signatures that they support to every client."""


def check_key(facts: Facts, user: str, key: PublicKey, *, allow_sha1: bool, settled: bool = False) -> None:
    """Raise `ReceiverUnsuitableError`, with the rule, if sshd's policy would refuse `key` for `user`.

    `allow_sha1`: our drop-in has, or will have, the line that lets SHA-1 in beside all that sshd takes by default.
    `settled`: the camera has signed in with it before, so what it makes of the global list is known.
    """
    effective = parse_effective(_with_drop_in(facts))
    overall = parse_effective(facts.sshd_global)
    _check_size(facts, user, key, effective, overall)
    if not (allow_sha1 and key.type == _SHA1):
        _check_signatures(facts, user, key, effective, overall, settled=settled)


def check_way_to_keys(facts: Facts, user: str, authentication: Authentication) -> None:
    """Refuse if the upload user, as whom sshd reads the key file, cannot enter a folder above it.

    A key folder with our own key file in it is not refused: the plan opens it again.
    """
    if authentication is not Authentication.PUBLIC_KEY:
        return
    for path in ("/", *_above(KEY_FOLDER), KEY_FOLDER):
        state = facts.paths.get(path)
        ours = path == KEY_FOLDER and KEY_FILE_PATTERN.replace("%u", user) in facts.files
        if state is not None and state.is_directory and not ours and not may_pass(facts, state):
            raise ReceiverUnsuitableError(
                f"sshd on {where(facts)} could not read the camera's key: it reads it as {user}, and {path} has "
                f"owner {state.owner}, mode {state.mode:04o}",
                hint=f"{paste([command('chmod', 'o+x', path)], 'let everybody pass it')}, then run this again",
            )


def may_pass(facts: Facts, state: PathState) -> bool:
    """Return True if the upload user may enter a folder."""
    return bool(facts.rights(state) & 0o1)


def _with_drop_in(facts: Facts) -> str:
    """Return sshd's settings for the upload user with our drop-in."""
    staged = facts.staged
    return staged.effective if staged is not None and staged.effective else facts.sshd_effective


def _check_size(
    facts: Facts, user: str, key: PublicKey, effective: dict[str, list[str]], overall: dict[str, list[str]]
) -> None:
    told = next(iter(effective.get(_SIZE, [])), "")
    if key.type != _SHA1 or not told.isdigit() or key.bits >= int(told):
        return
    rules = [line for line in _lines(facts, _SIZE, own=overall.get(_SIZE) != [told]) if line[0].words == [told]]
    rule = f"RequiredRSASize {told}"
    place = f"at {rules[0][0].place}" if rules else "sshd -T shows it"
    match = rules[0][1] if rules else None
    if match is not None:
        way = f"{leave_out(facts, match, user)}{then_reload(facts)}"
    else:
        lines = [f"Match User {user}", f"    RequiredRSASize {key.bits}", "Match all"]
        way = f"allow it for {user} alone: {add_lines(facts, f'key-size-{user}', lines)}"
    raise _refused(
        facts, key, f"it has {key.bits} bits, and `{rule}` ({place}) wants more", f"{way}, then run this again"
    )


def _check_signatures(  # noqa: PLR0913 - all but the first three are what those say
    facts: Facts,
    user: str,
    key: PublicKey,
    effective: dict[str, list[str]],
    overall: dict[str, list[str]],
    *,
    settled: bool,
) -> None:
    possible = {*_RSA_SHA2, _SHA1} if key.type == _SHA1 else {key.type}
    listed = _accepted(effective)
    if listed is None:
        return
    taken = possible & listed
    told = _accepted(overall)
    if not taken:
        own = told is not None and bool(possible & told)
        raise _not_listed(facts, user, key, own=own)
    hears = facts.openssh is not None and facts.openssh >= _TELLS_GLOBAL_LIST_FROM
    if hears and not settled and told is not None and not taken & told and _SHA1 not in taken:
        raise _not_listed(facts, user, key, own=False)


def _accepted(effective: dict[str, list[str]]) -> set[str] | None:
    """Return the accepted signature algorithms; None if sshd was not asked or does not report them."""
    values = [value for keyword in _ALGORITHMS for value in effective.get(keyword, [])]
    return set(values[0].split(",")) if values else None


def _not_listed(facts: Facts, user: str, key: PublicKey, *, own: bool) -> ReceiverUnsuitableError:
    needed = list(_RSA_SHA2) if key.type == _SHA1 else [key.type]
    lines = [(line, match) for line, match in _lines(facts, _ALGORITHMS[0], own=own) if _leaves_out(line, needed)]
    names = " or ".join(needed)
    if not lines:
        keyword = _ALGORITHMS[0] if facts.openssh is None or facts.openssh >= (8, 5) else _ALGORITHMS[1]
        return _refused(
            facts,
            key,
            f"`{keyword}` of sshd -T has no {names}",
            f"see which file says so (sudo grep -ri pubkeyaccepted /etc/ssh /etc/crypto-policies) and add "
            f"{','.join(needed)} there{then_reload(facts)}, then run this again",
        )
    line, match = lines[0]
    way = leave_out(facts, match, user) if match is not None else _mended(facts, line, needed)
    return _refused(
        facts,
        key,
        f"`{line.text}` at {line.place} leaves {names} out",
        f"{way}{then_reload(facts)}, then run this again",
    )


def _leaves_out(line: ConfigurationLine, needed: list[str]) -> bool:
    """Return True if a list may lack an algorithm; one that only adds to sshd's default cannot."""
    value = line.words[0] if line.words else ""
    names = value.lstrip("-+^").split(",")
    named = [any(fnmatchcase(each, pattern) for pattern in names) for each in needed]
    return all(named) if value.startswith("-") else not value.startswith(("+", "^")) and not any(named)


def _mended(facts: Facts, line: ConfigurationLine, needed: list[str]) -> str:
    """Return the edit that allows an algorithm."""
    value = line.words[0]
    if not value.startswith("-"):
        return replace_line(facts, line, f"{line.keyword} {','.join([value, *needed])}")
    rest = [name for name in value[1:].split(",") if not any(fnmatchcase(each, name) for each in needed)]
    return replace_line(facts, line, f"{line.keyword} -{','.join(rest)}") if rest else delete_line(facts, line)


def _lines(facts: Facts, keyword: str, *, own: bool) -> Iterator[tuple[ConfigurationLine, ConfigurationLine | None]]:
    """Yield the lines that may set a keyword in sshd's order; `own`: those in a Match block, else global ones."""
    # No file has an empty name, so all of them are gone through.
    for read in read_order(facts.configuration, drop_in="", main=facts.sshd_main):
        if read.line.name == keyword and (read.match is not None) == own:
            yield read.line, read.match


def _refused(facts: Facts, key: PublicKey, why: str, hint: str) -> ReceiverUnsuitableError:
    return ReceiverUnsuitableError(f"sshd on {where(facts)} would refuse the camera's key {key}: {why}", hint=hint)


def _above(path: str) -> list[str]:
    """Return the parents of a path, outermost first, without `/`."""
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[: end + 1]) for end in range(len(parts))]
