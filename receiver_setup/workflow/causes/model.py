"""What a diagnosis is asked and what it answers (pure)."""

from dataclasses import dataclass, field
from typing import Self

from receiver_setup.camera.messages import TestOutcome
from receiver_setup.errors import CameraResponseError, ReceiverSetupError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.plain_shell import quote
from receiver_setup.formats.sshd_config import Authentication, parse_effective
from receiver_setup.receiver.evidence.sshd_log import LogEvent, Seen
from receiver_setup.receiver.facts.manager import restart_command, start_command
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.remedy import paste
from receiver_setup.receiver.plan.setup import key_file
from receiver_setup.workflow.causes.catalogue import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What the camera said: a result of testftp with the host key that it saw, or an answer that is none.

    `response` is a response code that is not success (211, 213, 218 …), `failure` the kind of an error on the way
    to the camera, such as `camera-unreachable`. `result` 0 means that the picture did not arrive all the same.
    """

    result: int | None = None
    host_key: PublicKey | None = None
    response: int | None = None
    failure: str | None = None

    @classmethod
    def from_outcome(cls, outcome: TestOutcome) -> Self:
        """Take the outcome of a test upload."""
        return cls(result=outcome.raw_result, host_key=outcome.host_key)

    @classmethod
    def from_error(cls, error: ReceiverSetupError) -> Self:
        """Take an error that a command to the camera ended in."""
        return cls(response=error.code if isinstance(error, CameraResponseError) else None, failure=error.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedUpload:
    """The upload that failed: from which camera, to where, as whom, with what.

    `camera` and `receiver` are names for people, `sources` the camera's IP addresses as the receiver sees them;
    `directory` is the absolute path on the receiver. `key` is the camera's own key, None where it is not known.
    """

    camera: str
    receiver: str
    server: str
    port: int
    user: str
    directory: str
    sources: tuple[str, ...] = ()
    key: PublicKey | None = None
    authentication: Authentication = Authentication.PUBLIC_KEY
    facts: Facts | None = None
    """What the receiver is like now, for the remedy."""

    @property
    def by_password(self) -> bool:
        """True when the camera signs in with a password."""
        return self.authentication is Authentication.PASSWORD

    def signed_in(self, event: LogEvent) -> bool:
        """Tell whether a line is about a login of this camera's that sshd took."""
        ours = event.seen is Seen.ACCEPTED and event.user == self.user
        return ours and (not self.sources or event.address in self.sources)

    @property
    def words(self) -> dict[str, str]:
        """Return what fills a remedy in; paths stand in commands, quoted for a shell."""
        facts = self.facts
        groups = facts.groups if facts is not None else ()
        ports = parse_effective(facts.sshd_effective).get("port", []) if facts is not None else []
        directory = quote(self.directory)
        return {
            "user": self.user,
            "group": self.user if self.user in groups or not groups else groups[0],
            "directory": directory,
            "path": directory,
            "mount": directory,
            "key_file": quote(key_file(self.user)),
            "server": f"[{self.server}]" if ":" in self.server else self.server,
            "port": str(self.port),
            "sshd_port": next(iter(ports), "PORT"),
            "camera": self.sources[0] if self.sources else "CAMERA",
            "wait": "600 s at the most",
            "start": _first(start_command(facts.starter, facts.sshd_path) if facts is not None else None, "start sshd"),
            "restart": _first(restart_command(facts.manager) if facts is not None else None, "restart sshd"),
        }


def _first(command: str | None, words: str) -> str:
    """Return a command of root's behind the words for it; the words alone where there is none."""
    return f"{words}: {paste([f'sudo {command}'], '')}" if command else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why an upload failed.

    `sentence` and `remedy` begin small and have no full stop. `seen` are the receiver's log lines that it rests on,
    `unseen` is what could not be seen. Where the cause is not `certain`, `likely` are the causes in their order.
    """

    cause: Cause
    sentence: str
    remedy: str
    seen: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    certain: bool = True
    likely: tuple[Cause, ...] = field(default=())


def name(cause: Cause, target: FailedUpload, rest: str = "", *, seen: tuple[str, ...] = (), **words: str) -> Diagnosis:
    """Name a cause for certain; `rest` goes on after its title, `words` fill its remedy in."""
    return Diagnosis(
        cause=cause,
        sentence=f"{cause.title}{rest}",
        remedy=_fill(cause, target, words),
        seen=seen,
    )


def suspect(cause: Cause, target: FailedUpload, rest: str, *, likely: tuple[Cause, ...], unseen: str) -> Diagnosis:
    """Name what is known and, in their order, the causes that go with it."""
    told = "; ".join(each.title for each in likely)
    most = f"; most likely, in this order: {told}" if likely else ""
    return Diagnosis(
        cause=cause,
        sentence=f"{cause.title}{rest}{f' ({unseen})' if unseen else ''}{most}",
        remedy=_fill(cause, target, {}),
        unseen=(unseen,) if unseen else (),
        certain=False,
        likely=likely,
    )


def _fill(cause: Cause, target: FailedUpload, words: dict[str, str]) -> str:
    """Fill a remedy in; where a command would not be shown as it is, it is told as one no more."""
    every = target.words | {key: quote(value) if key in {"path", "mount"} else value for key, value in words.items()}
    shown = all(value.isprintable() for value in every.values()) and "`" not in every["path"] + every["mount"]
    remedy, fix = (text if shown else text.replace("`", "") for text in (cause.remedy, cause.fix))
    return remedy.format_map({**every, "fix": every.get("fix") or fix.format_map(every)})
