"""Which PAM module keeps the upload user out, and what lets it in (pure).

pam_access, pam_listfile, pam_succeed_if and pam_faillock log that they refuse; pam_nologin, pam_shells and pam_time
say nothing (Debian 11 to 13), so what they go by is looked at instead. Source: their manual pages, pam.conf(5).
"""

import re
from dataclasses import dataclass

from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.evidence.sshd_log import LogEvent, Seen
from receiver_setup.receiver.plan.remedy import command, edit_file, paste
from receiver_setup.workflow.causes import catalogue
from receiver_setup.workflow.causes.model import Diagnosis, FailedUpload, name

_RULE = re.compile(
    r"(?P<file>/[^:]+):(?P<number>[0-9]{1,9}):(?P<text>.*?\b(?P<module>pam_\w+)(?:\.so)?\b(?P<options>.*))"
)
_FILES = {
    "pam_access": "/etc/security/access.conf",
    "pam_shells": "/etc/shells",
    "pam_time": "/etc/security/time.conf",
    "pam_listfile": "",
    "pam_succeed_if": "",
}
_OPTION = re.compile(r"(?:accessfile|conffile|file)=(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One line that PAM asks about every login, with the file that its module goes by."""

    file: str
    number: int
    text: str
    module: str
    source: str


def name_refusal(target: FailedUpload, evidence: Evidence, denial: LogEvent) -> Diagnosis | None:
    """Return which module made sshd write that PAM denies access; None where nothing tells."""
    line = _said_before(target, evidence, denial)
    rules = [rule for rule in map(_parse, evidence.pam_rules) if rule is not None]
    seen = (denial.line,) if line is None or line is denial else (line.line, denial.line)
    module = line.detail if line is not None else _find_silent(target, evidence, rules)
    if module == "pam_nologin":
        return name_closed(target, evidence, seen)
    if module == "pam_faillock":
        fix = f"after too many wrong passwords; {paste([command('faillock', '--user', target.user, '--reset')], '')}"
        rest = f": pam_faillock on {target.receiver} has locked {target.user}"
        return name(catalogue.PAM_REFUSED, target, rest, seen=seen, file="/etc/security/faillock.conf", fix=fix)
    if module not in _FILES:
        return None
    rule = next((each for each in rules if each.module == module), None)
    source = rule.source if rule is not None else _FILES[module]
    place = f" ({rule.file}:{rule.number})" if rule is not None else ""
    rest = f": {module} on {target.receiver}{place} refuses {target.user}"
    words = {"fix": _exempt(target, rule)} if rule is not None else {}
    return name(catalogue.PAM_REFUSED, target, rest, seen=seen, file=source or "/etc/pam.d/sshd", **words)


def name_closed(target: FailedUpload, evidence: Evidence, seen: tuple[str, ...]) -> Diagnosis:
    """Return that nobody but root may log in."""
    files = evidence.nologin or ("/etc/nologin",)
    fix = paste([command("rm", *files)], f"remove {' and '.join(files)}")
    rest = f": {' and '.join(files)} on {target.receiver}"
    return name(catalogue.CLOSED_TO_ALL, target, rest, seen=seen, fix=fix)


def _said_before(target: FailedUpload, evidence: Evidence, denial: LogEvent) -> LogEvent | None:
    """Return the module's own line: of the same process, where the log tells processes."""
    said = [each for each in evidence.events if each.seen is Seen.PAM_REFUSED and each.user == target.user]
    of_process = [each for each in said if denial.process in {None, each.process}]
    return of_process[-1] if of_process else None


def _find_silent(target: FailedUpload, evidence: Evidence, rules: list[_Rule]) -> str:
    """Return the module that says nothing and must have refused; empty where none must have."""
    modules = {rule.module for rule in rules}
    account = target.facts.account if target.facts is not None else None
    if evidence.nologin and "pam_nologin" in modules:
        return "pam_nologin"
    if "pam_shells" in modules and account is not None and evidence.shells and account.shell not in evidence.shells:
        return "pam_shells"
    # The only one left that can be asked about the hour.
    return "pam_time" if "pam_time" in modules else ""


def _exempt(target: FailedUpload, rule: _Rule) -> str:
    """Return how a rule is passed over for the upload user: a line above it, which takes away nothing."""
    line = f"account [success=1 default=ignore] pam_succeed_if.so quiet user = {target.user}"
    put = f"put `{line}` above line {rule.number} of {rule.file}"
    # Who writes that file is not known where the receiver was not read.
    added = [command("sed", "-i", f"{rule.number}i {line}", rule.file)]
    told = put if target.facts is None else edit_file(target.facts, rule.file, put, added)
    return f"to leave {target.user} out of that rule, {told}"


def _parse(text: str) -> _Rule | None:
    """Read one line.

    >>> _parse("/etc/pam.d/sshd:3:account required pam_access.so accessfile=/etc/who").source
    '/etc/who'
    """
    match = _RULE.fullmatch(text)
    if match is None:
        return None
    option = _OPTION.search(match["options"])
    source = option[1] if option else _FILES.get(match["module"], "")
    return _Rule(
        file=match["file"], number=int(match["number"]), text=match["text"], module=match["module"], source=source
    )
