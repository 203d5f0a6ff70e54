"""Causes that sshd's log names (pure)."""

import re
from collections.abc import Callable
from dataclasses import replace

from receiver_setup.formats.sshd_config import parse_effective
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.evidence.sshd_log import LogEvent, Seen, concerns
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.remedy import add_to_list, set_globally
from receiver_setup.receiver.plan.setup import key_file
from receiver_setup.workflow.causes import catalogue
from receiver_setup.workflow.causes.from_facts import (
    admit_camera,
    find_policy_fault,
    jail_fix,
    key_file_fix,
    parse_keys,
)
from receiver_setup.workflow.causes.from_pam import name_closed, name_refusal
from receiver_setup.workflow.causes.model import Diagnosis, FailedUpload, name

NO_LOG = "no log of sshd's can be read there"
_WEAK = frozenset({Seen.ACCEPTED, Seen.LEFT, Seen.KEY_FAILED})
"""Lines of every connection, or of every key that was refused, whatever came of it or why."""
_OF_POLICY = frozenset({Seen.SHA1_REFUSED, Seen.KEY_REFUSED})
"""Lines of a rule that refuses more than what they name: OpenSSH 8.4 calls every signature of an RSA key ssh-rsa."""
_SETTINGS = {
    "host key type": "HostKeyAlgorithms",
    "key exchange method": "KexAlgorithms",
    "cipher": "Ciphers",
    "MAC": "MACs",
}


_KNOWN = frozenset(
    {
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "rsa-sha2-512",
        "rsa-sha2-256",
        "ssh-rsa",
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group-exchange-sha256",
        "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group18-sha512",
        "diffie-hellman-group14-sha1",
        "diffie-hellman-group-exchange-sha1",
        "chacha20-poly1305@openssh.com",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "hmac-sha2-256",
        "hmac-sha2-512",
        "hmac-sha1",
        "hmac-sha2-256-etm@openssh.com",
        "hmac-sha2-512-etm@openssh.com",
        "hmac-sha1-etm@openssh.com",
    }
)
"""What every sshd from 7.4 to 10.6 can do: one that does not know a name in its configuration refuses all of it."""


def find_in_log(
    target: FailedUpload, facts: Facts | None, evidence: Evidence, *, refused: bool = False
) -> Diagnosis | None:
    """Return what the last line that names a cause says; None where no line does.

    `refused`: sshd answered the login, so a penalty that it announces is what came of it and not why.
    """
    events: list[LogEvent] = []
    for event in of_camera(target, evidence):
        # What kept an earlier try out keeps a login that was taken from nothing.
        events = [] if target.signed_in(event) else [*events, event]
    offered = {
        event.key
        for event in events
        if event.seen is Seen.KEY_FAILED
        and event.key is not None
        and event.user == target.user
        and (not target.sources or event.address in target.sources)
    }
    events = [event for event in events if event.seen not in _WEAK and not (refused and _announces_penalty(event))]
    if not events:
        return _other_key(target, facts, offered, evidence)
    return _of_event(events[-1], target, facts, evidence, events)


def _of_event(
    event: LogEvent, target: FailedUpload, facts: Facts | None, evidence: Evidence, events: list[LogEvent]
) -> Diagnosis | None:
    """Name the cause that a line tells; `events` are all that may be about it."""
    if event.seen in _OF_POLICY and facts is not None and (fault := find_policy_fault(target, facts)) is not None:
        return replace(fault, seen=(event.line,))
    if event.seen is Seen.PASSWORD_FAILED and not target.by_password:
        return None
    if event.seen is Seen.PENALTY:
        return _penalty(target, facts, events)
    if event.seen in {Seen.PAM_REFUSED, Seen.ACCOUNT_CLOSED, Seen.NOT_ADMITTED} and event.detail.endswith(" exists"):
        return name_closed(target, evidence, (event.line,))
    if event.seen is Seen.PAM_REFUSED or (event.seen is Seen.ACCOUNT_CLOSED and event.detail == "Access denied"):
        return name_refusal(target, evidence, event) or _account_closed(target, event)
    return _NAMES[event.seen](target, event)


def _other_key(target: FailedUpload, facts: Facts | None, offered: set[str], evidence: Evidence) -> Diagnosis | None:
    """Tell of a camera that offered another key than the one that it shows, or than those that are known here."""
    path = key_file(target.user)
    known = parse_keys(facts.files.get(path, b"")) if facts is not None else ()
    # One that is known may be another camera's, behind the same address.
    strange = offered - {key.fingerprint for key in known}
    if target.by_password or not strange:
        return None
    lines = tuple(event.line for event in evidence.events if event.seen is Seen.KEY_FAILED)
    found = ", ".join(sorted(strange))
    if target.key is None:
        rest = f": it offered {found}, and {path} on {target.receiver} has {', '.join(map(str, known)) or 'no key'}"
        return name(catalogue.WRONG_KEY, target, rest, seen=lines)
    if target.key.fingerprint in offered:
        return None
    rest = f": it shows {target.key}, and offered another key to {target.receiver}: {found}"
    told = name(catalogue.WRONG_KEY, target, rest, seen=lines)
    return replace(told, remedy="restart the camera, so that it shows the key that it uses, and test again")


def of_camera(target: FailedUpload, evidence: Evidence) -> tuple[LogEvent, ...]:
    """Return the events that can be this camera's: by its address, by the upload user, or without either."""
    return tuple(
        event
        for event in evidence.events
        if event.user == target.user
        or event.address in target.sources
        or (concerns(event, target.user) and (event.address is None or not target.sources))
    )


def speaks(evidence: Evidence) -> bool:
    """Tell whether there is a log of sshd's, so that its silence means something."""
    return evidence.log_speaks or evidence.log_is_sshds


def _announces_penalty(event: LogEvent) -> bool:
    """Tell whether a line (LogLevel VERBOSE) says what an address will get, not that it was turned away."""
    return event.seen is Seen.PENALTY and not event.detail.startswith("penalty: ")


def _penalty(target: FailedUpload, facts: Facts | None, events: list[LogEvent]) -> Diagnosis:
    """Tell how long it lasts: as the log says at LogLevel VERBOSE, else as the configuration allows."""
    effective = parse_effective(facts.sshd_effective) if facts is not None else {}
    most = re.search(r"\bmax:(\d+)", " ".join(effective.get("persourcepenalties", [])))
    told = [match[1] for event in events if (match := re.search(r"penalty of (\d+) seconds", event.detail))]
    reason = next((event.detail for event in reversed(events) if event.detail.startswith("penalty: ")), "")
    wait = f"{told[-1]} s" if told else f"{most[1] if most else 600} s at the most"
    # Its last reason alone is told: a probe without a login may come after logins that failed.
    because = f", for {reason.removeprefix('penalty: ')}" if reason else " after logins that failed"
    rest = f": {target.receiver} drops {_source(target)} for {wait}{because}"
    words = {"wait": wait}
    if facts is not None and target.sources:
        words["fix"] = add_to_list(facts, "penalty-exempt", "PerSourcePenaltyExemptList", _source(target))
    return name(catalogue.PENALTY, target, rest, seen=_lines(events, Seen.PENALTY), **words)


def _lines(events: list[LogEvent], seen: Seen) -> tuple[str, ...]:
    return tuple(event.line for event in events if event.seen is seen)


def _source(target: FailedUpload) -> str:
    return target.sources[0] if target.sources else target.camera


def _too_many(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f": {target.receiver} dropped {event.address} ({event.detail})"
    facts = target.facts
    words = {} if facts is None else {"fix": set_globally(facts, "max-startups", "MaxStartups", "50:30:100")}
    return name(catalogue.TOO_MANY, target, rest, seen=(event.line,), **words)


def _algorithm(target: FailedUpload, event: LogEvent) -> Diagnosis:
    match = re.fullmatch(r"no matching (.+) found\. Their offer: (\S*)", event.detail)
    if match is None:
        rest = f": sshd on {target.receiver} finds none for its own host keys"
        keyword, added = "HostKeyAlgorithms", ",".join(_own_algorithms(target.facts)) or "ssh-rsa"
    else:
        offers = match[2].split(",")
        rest = f": for the {match[1]} the camera offers {', '.join(offers)}, and sshd on {target.receiver} none of them"
        keyword = _SETTINGS.get(match[1], "HostKeyAlgorithms")
        own = _own_algorithms(target.facts) if keyword == "HostKeyAlgorithms" else []
        added = _offer([each for each in offers if each in own] or offers)
    facts = target.facts
    words = {"fix": add_to_list(facts, "algorithms", keyword, added, mark="+")} if facts is not None and added else {}
    return name(catalogue.NO_ALGORITHM, target, rest, seen=(event.line,), **words)


def _own_algorithms(facts: Facts | None) -> list[str]:
    """Return what the receiver's own host keys can sign with."""
    rsa = ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]
    types = [key.type for key in facts.host_keys] if facts is not None else []
    return [each for kind in types for each in (rsa if kind == "ssh-rsa" else [kind])]


def _offer(offers: list[str]) -> str:
    """Choose what is least bad among the camera's offers, as far as names tell."""
    real = [each for each in offers if each in _KNOWN]
    return next((each for each in real if "sha1" not in each), real[0] if real else "")


def _sha1(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f", which sshd on {target.receiver} refuses for {target.user}"
    return name(catalogue.SHA1, target, rest, seen=(event.line,))


def _not_admitted(target: FailedUpload, event: LogEvent) -> Diagnosis:
    if "shell" in event.detail:
        return _account_closed(target, event)
    rest = f": on {target.receiver} {target.user} from {event.address} is {event.detail}"
    facts = target.facts
    words = {} if facts is None else {"fix": admit_camera(target, facts)}
    return name(catalogue.NOT_ADMITTED, target, rest, seen=(event.line,), **words)


def _locked(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f": sshd on {target.receiver} runs without PAM and finds {target.user} locked"
    return name(catalogue.LOCKED, target, rest, seen=(event.line,))


def _account_closed(target: FailedUpload, event: LogEvent) -> Diagnosis:
    return name(
        catalogue.ACCOUNT_CLOSED,
        target,
        f": {target.receiver} says “{event.detail}” of {target.user}",
        seen=(event.line,),
    )


def _no_account(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f": {target.receiver} knows no {event.user}"
    if event.user != target.user:
        rest += f", and the upload user there is {target.user}"
    return name(catalogue.NO_ACCOUNT, target, rest, seen=(event.line,))


def _key_file(target: FailedUpload, event: LogEvent) -> Diagnosis:
    fix = key_file_fix(target, target.facts) if target.facts is not None else ""
    rest = f": {target.receiver} says “{event.detail}”"
    return name(catalogue.KEY_FILE_CLOSED, target, rest, seen=(event.line,), fix=fix)


def _jail(target: FailedUpload, event: LogEvent) -> Diagnosis:
    path = _quoted(event.detail).rstrip("/") or "/"
    rest = f": {target.receiver} says “{event.detail}”"
    return name(catalogue.JAIL_CLOSED, target, rest, seen=(event.line,), path=path, fix=jail_fix(target, path))


def _jail_missing(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f": {_quoted(event.detail)} on {target.receiver}"
    return name(catalogue.JAIL_MISSING, target, rest, seen=(event.line,))


def _key_refused(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f": {target.receiver} says “{event.detail}” of an RSA key"
    return name(catalogue.KEY_REFUSED, target, rest, seen=(event.line,))


def _wrong_source(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f": on {target.receiver} it is pinned to {event.detail}, and the camera came from {event.address}"
    return name(catalogue.WRONG_SOURCE, target, rest, seen=(event.line,))


def _password(target: FailedUpload, event: LogEvent) -> Diagnosis:
    rest = f" for {target.user} on {target.receiver}"
    return name(catalogue.PASSWORD_REFUSED, target, rest, seen=(event.line,))


def _quoted(text: str) -> str:
    return text.partition('"')[2].rpartition('"')[0]


_NAMES: dict[Seen, Callable[[FailedUpload, LogEvent], Diagnosis]] = {
    Seen.TOO_MANY: _too_many,
    Seen.NO_COMMON_ALGORITHM: _algorithm,
    Seen.SHA1_REFUSED: _sha1,
    Seen.NOT_ADMITTED: _not_admitted,
    Seen.LOCKED: _locked,
    Seen.ACCOUNT_CLOSED: _account_closed,
    Seen.PAM_REFUSED: _account_closed,
    Seen.NO_ACCOUNT: _no_account,
    Seen.KEY_FILE_CLOSED: _key_file,
    Seen.JAIL_REFUSED: _jail,
    Seen.JAIL_MISSING: _jail_missing,
    Seen.KEY_REFUSED: _key_refused,
    Seen.WRONG_SOURCE: _wrong_source,
    Seen.PASSWORD_FAILED: _password,
}
