"""From what both sides show to the cause (pure)."""

import ipaddress
from dataclasses import replace

from receiver_setup.camera.wire.codes import ResponseCode, UploadResult, explain_response
from receiver_setup.formats.sshd_config import lower_keywords, parse_effective, sha1_allowed
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.evidence.sshd_log import Seen
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.remedy import command, paste, set_globally
from receiver_setup.workflow.causes import catalogue
from receiver_setup.workflow.causes.catalogue import Cause
from receiver_setup.workflow.causes.from_facts import find_jail_fault, find_login_fault, find_storage_fault
from receiver_setup.workflow.causes.from_log import NO_LOG, find_in_log, speaks
from receiver_setup.workflow.causes.model import Diagnosis, FailedUpload, Symptom, name, suspect

_CAMERA_CODES = {
    ResponseCode.BUSY: catalogue.BUSY,
    ResponseCode.IP_BLOCKED: catalogue.BLOCKED,
    ResponseCode.NO_PERMISSION: catalogue.NO_RIGHT,
}
_CAMERA_KINDS = {
    "camera-unreachable": catalogue.CAMERA_UNREACHABLE,
    "camera-timeout": catalogue.CAMERA_UNREACHABLE,
    "camera-login": catalogue.NO_RIGHT,
}
_NO_CONNECTION = frozenset({UploadResult.CANNOT_CONNECT, UploadResult.TIMEOUT})
_PENALTIES_FROM = (9, 8)
_SHA1_REFUSED_FROM = (8, 8)
_CLOCK_S = 300.0


def diagnose(
    symptom: Symptom, *, target: FailedUpload, facts: Facts | None = None, evidence: Evidence | None = None
) -> Diagnosis:
    """Name why an upload failed; see the package for what each argument is."""
    target = replace(target, facts=facts)
    return (
        _camera_fault(symptom, target)
        or _host_key_fault(symptom, target, facts, evidence)
        or _told_by_log(symptom, target, facts, evidence)
        or _by_result(symptom, target, facts, evidence)
    )


def _told_by_log(
    symptom: Symptom, target: FailedUpload, facts: Facts | None, evidence: Evidence | None
) -> Diagnosis | None:
    if evidence is None or symptom.result == 0:
        return None
    return find_in_log(target, facts, evidence, refused=symptom.result == UploadResult.CREDENTIALS)


def diagnose_clock(target: FailedUpload, facts: Facts, *, now_s: float) -> Diagnosis | None:
    """Tell whether the receiver's clock is far from `now_s`, this machine's at the moment the facts were read."""
    off_s = facts.now_s - now_s
    if abs(off_s) < _CLOCK_S:
        return None
    way = "behind" if off_s < 0 else "ahead of"
    rest = f": on {target.receiver} it is {abs(off_s) / 60:.0f} min {way} this machine's"
    by_systemd = paste([command("timedatectl", "set-ntp", "true")], "") if facts.starter.startswith("unit") else ""
    return name(catalogue.CLOCK, target, rest, fix=by_systemd)


def _camera_fault(symptom: Symptom, target: FailedUpload) -> Diagnosis | None:
    """Tell what the camera itself says, before any upload."""
    if symptom.result is not None:
        told = f": {target.camera} answered the test with {symptom.result}"
        if symptom.result == UploadResult.BUSY:
            return name(catalogue.BUSY, target, told)
        return None
    if symptom.response is not None:
        known = explain_response(symptom.response)
        cause = _CAMERA_CODES.get(ResponseCode(known.code)) if known.code in list(ResponseCode) else None
        return name(cause or catalogue.CAMERA_FAULT, target, f": {target.camera} answered {known.code} ({known.name})")
    cause = _CAMERA_KINDS.get(symptom.failure or "", catalogue.CAMERA_FAULT)
    return name(cause, target, f": {target.camera} ({symptom.failure or 'no answer'})")


def _host_key_fault(
    symptom: Symptom, target: FailedUpload, facts: Facts | None, evidence: Evidence | None
) -> Diagnosis | None:
    own = facts.host_keys if facts is not None else ()
    if symptom.host_key is not None and own and symptom.host_key not in own:
        return _foreign_key(symptom, target, facts, evidence)
    if symptom.result != UploadResult.HOST_NOT_VERIFIED:
        return None
    if (
        symptom.host_key is not None
        and facts is not None
        and facts.disk_keys
        and symptom.host_key not in facts.disk_keys
    ):
        return _not_loaded(symptom, target, facts, evidence)
    if symptom.host_key is not None and own:
        rest = f": {target.camera} saw {symptom.host_key}, which is {target.receiver}'s own, and trusts another"
        return name(catalogue.HOST_KEY_CHANGED, target, rest)
    unseen = "the camera did not say which host key it saw" if symptom.host_key is None else NO_FACTS
    likely = (catalogue.HOST_KEY_CHANGED, catalogue.WRONG_ADDRESS, catalogue.HOST_KEY_FOREIGN)
    return suspect(catalogue.HOST_KEY_CHANGED, target, "", likely=likely, unseen=unseen)


NO_FACTS = "the receiver's own state could not be read"


def _not_loaded(symptom: Symptom, target: FailedUpload, facts: Facts, evidence: Evidence | None) -> Diagnosis:
    """Tell of a listener that shows a key which is not on the disk any more, as it told when it was asked."""
    newer = f"{', '.join(facts.newer_keys)} on " if facts.newer_keys else ""
    disk = ", ".join(map(str, facts.disk_keys))
    rest = f": {newer}{target.receiver}; the camera {target.camera} saw {symptom.host_key}, and the disk has {disk}"
    return name(catalogue.HOST_KEY_NOT_LOADED, target, rest, seen=_lines_of_camera(target, evidence))


def _foreign_key(symptom: Symptom, target: FailedUpload, facts: Facts | None, evidence: Evidence | None) -> Diagnosis:
    """Tell an sshd that was not restarted, a machine in between, and another machine."""
    own = ", ".join(map(str, facts.host_keys if facts is not None else ()))
    both = f"the camera {target.camera} saw {symptom.host_key}, and {target.receiver} has {own}"
    lines = _lines_of_camera(target, evidence)
    # Where the listener could not be asked itself, what it has not read yet is the first to look at.
    if lines and facts is not None and facts.newer_keys and not facts.disk_keys:
        rest = f": {', '.join(facts.newer_keys)} on {target.receiver}; {both}"
        return name(catalogue.HOST_KEY_NOT_LOADED, target, rest, seen=lines)
    if lines:
        return name(catalogue.HOST_KEY_FOREIGN, target, f": {both}", seen=lines)
    return name(catalogue.WRONG_ADDRESS, target, f": at {_place(target)} {both}")


def _by_result(symptom: Symptom, target: FailedUpload, facts: Facts | None, evidence: Evidence | None) -> Diagnosis:
    """Go by the result where no line of the log names the cause."""
    if symptom.result in _NO_CONNECTION and symptom.host_key is None:
        return _network_fault(symptom, target, facts, evidence)
    if facts is None:
        return _open(symptom, target, unseen=NO_FACTS, likely=())
    accepted = evidence is not None and any(map(target.signed_in, evidence.events))
    login = None if accepted else find_login_fault(target, facts)
    if symptom.result == UploadResult.CREDENTIALS:
        return login or find_jail_fault(target, facts) or _refused(target, facts, evidence)
    return (
        find_jail_fault(target, facts)
        or login
        or find_storage_fault(target, facts, evidence)
        or _after_login(symptom, target, evidence, accepted=accepted)
    )


def _network_fault(symptom: Symptom, target: FailedUpload, facts: Facts | None, evidence: Evidence | None) -> Diagnosis:
    """Tell why no connection came about."""
    place = _place(target)
    if evidence is None or evidence.sockets is None:
        ways = (catalogue.NOTHING_LISTENS, catalogue.FIREWALL, catalogue.WRONG_ADDRESS, catalogue.NAME_UNKNOWN)
        return _open(symptom, target, unseen="what listens on the receiver could not be read", likely=ways)
    lines = _lines_of_camera(target, evidence)
    if lines:
        return _slow(target, lines)
    named = not _is_address(target.server)
    elsewhere = not named and bool(evidence.addresses) and target.server not in evidence.addresses
    if elsewhere:
        rest = f": {place} is none of the addresses of {target.receiver} ({_shown(evidence.addresses)})"
        return name(catalogue.WRONG_ADDRESS, target, rest)
    if not any(socket.peer is None and socket.takes(target.server, target.port) for socket in evidence.sockets):
        ports = _shown(tuple(_sshd_ports(facts)))
        rest = f": at {place} on {target.receiver} no port is open" + (f"; sshd is set to {ports}" if ports else "")
        runs = facts is not None and facts.listener
        words = target.words
        port = f"give the camera the port that sshd has: --receiver-address {words['server']}:{words['sshd_port']}"
        return name(catalogue.NOTHING_LISTENS, target, rest, fix=port if runs else "")
    if named:
        rest = f": {target.server}, though {target.receiver} listens on port {target.port}"
        likely = (catalogue.NAME_UNKNOWN, catalogue.WRONG_ADDRESS, catalogue.FIREWALL)
        return suspect(catalogue.NAME_UNKNOWN, target, rest, likely=likely, unseen="what the camera makes of the name")
    return _silence(target, facts, evidence)


def _silence(target: FailedUpload, facts: Facts | None, evidence: Evidence) -> Diagnosis:
    """Tell what it means that sshd listens and nothing came: for certain only where its log would show it."""
    rest = f": it listens at {_place(target)}, and its log shows nothing from {_sources(target)}"
    if speaks(evidence):
        return name(catalogue.FIREWALL, target, rest, seen=evidence.firewall, fix=_through_firewall(target, facts))
    modern = facts is not None and facts.openssh is not None and facts.openssh >= _PENALTIES_FROM
    likely = (catalogue.FIREWALL, *((catalogue.PENALTY,) if modern else ()), catalogue.TOO_MANY)
    rest = f", as far as is seen: it listens at {_place(target)}"
    return suspect(catalogue.FIREWALL, target, rest, likely=likely, unseen=NO_LOG)


def _through_firewall(target: FailedUpload, facts: Facts | None) -> str:
    """Return what fills in the remedy by whichever tool for a firewall there is."""
    tools = facts.tools if facts is not None else frozenset()
    if not target.sources:
        return ""
    source, port = target.sources[0], str(target.port)
    if "ufw" in tools:
        words = ["allow", "from", source, "to", "any", "port", port, "proto", "tcp"]
        return f": {paste([command('ufw', *words)], '')}"
    if "firewall-cmd" in tools:
        family = "ipv6" if ":" in source else "ipv4"
        rule = f'rule family="{family}" source address="{source}" port port="{port}" protocol="tcp" accept'
        allow = command("firewall-cmd", "--permanent", f"--add-rich-rule={rule}")
        return f": {paste([allow, command('firewall-cmd', '--reload')], '')}"
    return ""


def _refused(target: FailedUpload, facts: Facts, evidence: Evidence | None) -> Diagnosis:
    """Tell what is left when the receiver would let the camera in."""
    who = f" for {target.user} on {target.receiver}"
    if evidence is not None and evidence.log_is_sshds:
        if target.by_password:
            return name(catalogue.PASSWORD_REFUSED, target, who)
        if target.key is not None:
            own = target.key.fingerprint
            tried = [event.line for event in evidence.events if event.seen is Seen.KEY_FAILED and event.key == own]
            if tried:
                rest = f": {target.key} for {target.user} on {target.receiver}"
                return name(catalogue.SIGNATURE_REFUSED, target, rest, seen=tuple(tried))
        rest = f": {target.receiver} would take {target.key or 'it'} for {target.user}"
        return name(catalogue.KEY_NOT_USED, target, rest, seen=_lines_of_camera(target, evidence))
    if target.by_password:
        likely: tuple[Cause, ...] = (catalogue.PASSWORD_REFUSED, catalogue.ACCOUNT_CLOSED)
    else:
        modern = facts.openssh is not None and facts.openssh >= _SHA1_REFUSED_FROM
        sha1 = modern and not sha1_allowed(facts.sshd_effective)
        likely = (*((catalogue.SHA1,) if sha1 else ()), catalogue.KEY_NOT_USED, catalogue.ACCOUNT_CLOSED)
    return suspect(catalogue.LOGIN_REFUSED, target, who, likely=likely, unseen=NO_LOG)


def _after_login(symptom: Symptom, target: FailedUpload, evidence: Evidence | None, *, accepted: bool) -> Diagnosis:
    lines = _lines_of_camera(target, evidence)
    if symptom.result == 0:
        place = _place(target)
        if evidence is not None and speaks(evidence) and not accepted:
            rest = f": {target.receiver} saw no login of {target.camera}, which uploaded to {place}"
            return name(catalogue.WRONG_ADDRESS, target, rest, seen=lines)
        likely: tuple[Cause, ...] = (catalogue.WRONG_ADDRESS, catalogue.DISK_FULL)
        return _open(symptom, target, unseen="where the picture went", likely=likely)
    if symptom.result in {UploadResult.INCOMPLETE, UploadResult.PATH} and accepted:
        unseen = "quotas are not read"
        likely = (catalogue.QUOTA, catalogue.DIRECTORY_CLOSED)
        rest = f": {target.directory} on {target.receiver}"
        return suspect(catalogue.QUOTA, target, rest, likely=likely, unseen=unseen)
    if symptom.result == UploadResult.TIMEOUT:
        return _slow(target, lines)
    if symptom.result == UploadResult.INTERNAL:
        return name(catalogue.CAMERA_FAULT, target, f": {target.camera} answered the test with -7")
    unseen = "" if evidence is not None and speaks(evidence) else NO_LOG
    return _open(symptom, target, unseen=unseen, likely=() if accepted else (catalogue.NO_ALGORITHM, catalogue.SHA1))


def _slow(target: FailedUpload, lines: tuple[str, ...]) -> Diagnosis:
    """Tell of a login that took too long; sshd looks names up only where its configuration says so."""
    facts = target.facts
    looks_up = facts is None or parse_effective(facts.sshd_effective).get("usedns") != ["no"]
    fix = "at the network between the two"
    if looks_up:
        fix = "" if facts is None else set_globally(facts, "no-names", "UseDNS", "no")
    return name(catalogue.SLOW, target, f": {target.camera}, {_place(target)}", seen=lines, fix=fix)


def _open(symptom: Symptom, target: FailedUpload, *, unseen: str, likely: tuple[Cause, ...]) -> Diagnosis:
    rest = f": {target.camera} answered the test with {symptom.result}"
    return suspect(catalogue.UNKNOWN, target, rest, likely=likely, unseen=unseen)


def _lines_of_camera(target: FailedUpload, evidence: Evidence | None) -> tuple[str, ...]:
    """Return the log lines that are surely this camera's: by the upload user, or by its address without any user."""
    if evidence is None:
        return ()
    return tuple(
        event.line
        for event in evidence.events
        if event.user == target.user or (event.user is None and event.address in target.sources)
    )


def _sshd_ports(facts: Facts | None) -> list[str]:
    lines = lower_keywords(facts.sshd_effective) if facts is not None else []
    return [line for line in lines if line.startswith(("port ", "listenaddress "))]


def _place(target: FailedUpload) -> str:
    host = f"[{target.server}]" if ":" in target.server else target.server
    return f"{host}:{target.port}"


def _sources(target: FailedUpload) -> str:
    return ", ".join(target.sources) or target.camera


def _shown(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
