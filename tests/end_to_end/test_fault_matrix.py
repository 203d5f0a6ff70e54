"""Every call of a run fails, loses its controller, its link or its power: nothing is left, and the next run succeeds.

One test is one kind of fault in one scene, so that workers can divide them; it names every call at which something
was wrong. With RECEIVER_SETUP_EVERY_FAULT in the environment no call is left out for any kind, which takes long.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.bench import FORMER, Bench, finish
from support.faults import CONFIRM_S, Controller, Faults, follow, make_wanted, run_with_fault, running

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverUnreachableError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import ReceiverReport

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]

EVERY = "RECEIVER_SETUP_EVERY_FAULT" in os.environ
STATE = "/var/lib/receiver-setup"

MADE_BY_HAND = """
useradd --create-home --shell /bin/bash --comment 'made by hand' ipcamera
mkdir /home/ipcamera/recordings /etc/ssh/authorized_keys.d
chown root:root /home/ipcamera && chmod 755 /home/ipcamera && chmod 700 /home/ipcamera/recordings
echo "# somebody's" >/etc/ssh/authorized_keys.d/ipcamera
chmod 644 /etc/ssh/authorized_keys.d/ipcamera
"""
SPOILT = "/etc/ssh/sshd_config.d/00-a.conf"


@dataclass(kw_only=True)
class Case:
    """One receiver on which something goes wrong once; `before` is its tree before that run."""

    bench: Bench
    faults: Faults
    controller: Controller
    before: str = ""
    original: str = ""
    """Its tree before it was set up, where that is done already."""
    problems: list[str] = field(default_factory=list)

    def expect(self, right: bool, problem: str) -> None:
        """Note what is wrong."""
        if not right:
            self.problems.append(problem)

    def expect_clean(self, when: str, *, patience_s: float = 1.0) -> None:
        """Expect that nothing of ours runs or lies about, and that sshd is content."""
        told = running(self.bench, patience_s=patience_s)
        self.expect(told == "", f"{when} there runs {told}")
        left = self.bench.named(".receiver-setup.*") + self.bench.inside(f"ls -d {STATE}/journal* 2>/dev/null")
        self.expect(left == "", f"{when} there is {left}")
        problem = self.bench.inside("sshd -t 2>&1")
        self.expect(problem == "", f"{when} sshd says {problem}")

    def expect_state(self, seen: str, *allowed: str, when: str) -> None:
        """Expect one of the trees that are allowed."""
        if seen not in allowed:
            told = min((differences(each, seen) for each in allowed), key=len)
            self.problems.append(f"{when} the tree differs: {told}")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A run that goes wrong: `prepare` comes before it, and `spoil` makes it fail by itself, as `mend` undoes."""

    name: str
    bound: int
    """More than the calls that it makes."""
    run: Callable[..., ReceiverReport]
    prepare: Callable[[Case], None]
    users: tuple[str, ...] = ("ipcamera",)
    """The accounts that it makes or takes back in one transaction."""
    adopt: bool = False
    groups: tuple[str, ...] = ()
    """Groups that they join."""
    spoil: str = ""
    mend: str = ""
    step: int = 1
    """Every how many calls a fault is tried."""


def installed(case: Case) -> None:
    """Prepare nothing."""


def made_by_hand(case: Case) -> None:
    """Make the account, its folders and its key file as a person would."""
    case.bench.inside(MADE_BY_HAND)


def set_up(case: Case) -> None:
    """Set it up, and let the account have a password."""
    case.original = case.bench.state()
    assert case.controller.set_up().error is None
    case.bench.inside("echo ipcamera:secret | chpasswd")


def with_groups(case: Case) -> None:
    """Make the groups that are to be joined, of which the account of a person is in one."""
    made_by_hand(case)
    case.bench.inside("groupadd media; groupadd film; usermod -a -G film ipcamera")


def in_groups(case: Case) -> None:
    """Adopt an account into groups."""
    with_groups(case)
    case.original = case.bench.state()
    assert case.controller.set_up().error is None


def adopted(case: Case) -> None:
    """Adopt what a person made."""
    made_by_hand(case)
    case.original = case.bench.state()
    assert case.controller.set_up().error is None


# Without unshare the groups of an account that is yet to be made are known to sshd only after useradd: a rule by group
# passes the plan, and sshd refuses before the reload.
_REFUSED = f"mv /usr/bin/unshare /usr/bin/unshare.away; printf 'Match Group ipcamera\\n  PermitTTY yes\\n' >{SPOILT}"
_MENDED = f"rm -f {SPOILT}; [ ! -e /usr/bin/unshare.away ] || mv /usr/bin/unshare.away /usr/bin/unshare"
_GROUPS = ("media", "film")
_TWO = ("ipcamera", "ipcamera-gate")
SCENES = {
    scene.name: scene
    for scene in (
        Scene(name="set-up", bound=60, run=Controller.set_up, prepare=installed),
        Scene(name="adoption", bound=60, run=Controller.set_up, prepare=made_by_hand, adopt=True, step=4),
        Scene(name="removal", bound=60, run=Controller.remove, prepare=set_up, step=2),
        Scene(name="set-up-of-two", bound=90, run=Controller.set_up, prepare=installed, users=_TWO, step=4),
        Scene(name="removal-of-two", bound=90, run=Controller.remove, prepare=set_up, users=_TWO, step=6),
        Scene(name="removal-of-an-adoption", bound=60, run=Controller.remove, prepare=adopted, adopt=True, step=4),
        Scene(name="joining", bound=70, run=Controller.set_up, prepare=with_groups, adopt=True, groups=_GROUPS, step=4),
        Scene(name="leaving", bound=70, run=Controller.remove, prepare=in_groups, adopt=True, groups=_GROUPS, step=4),
        Scene(name="undo", bound=60, run=Controller.set_up, prepare=installed, spoil=_REFUSED, mend=_MENDED, step=3),
    )
}
KINDS = {"fail": 6, "late": 16, "kill": 16, "cut": 16, "power": 5, "half": 3}
"""Each kind of fault, and of how many calls one is tried; see faulty.sh. `half` is for calls that can be half done."""

HALF = ("cp ", "rm -rf ", f"rm -f {STATE}/journal/")

Make = Callable[[Scene], Any]
_calls: dict[str, list[str]] = {}


@pytest.fixture
def make_case(
    private_network: object,  # noqa: ARG001 - it must exist first
    admin_key: AdminKey,
    tmp_path: Path,
) -> Make:
    """Return what starts a receiver for one case."""

    @contextmanager
    def make(scene: Scene) -> Iterator[Case]:
        with ThrowawayReceiver(admin_public_key=admin_key.public_line) as receiver:
            known = tmp_path / receiver.address
            known.write_text(receiver.known_hosts)
            bench = Bench(receiver=receiver, key=admin_key, known_hosts=known)
            key = PublicKey.from_line(admin_key.public_line)
            wanted = tuple(make_wanted(key, user=user, adopt=scene.adopt, groups=scene.groups) for user in scene.users)
            case = Case(bench=bench, faults=Faults(bench), controller=Controller(bench=bench, wanted=wanted))
            scene.prepare(case)
            case.before = bench.state()
            yield case

    return make


def calls_of(make: Make, scene: Scene) -> list[str]:
    """Return the calls of a run without a fault."""
    if scene.name not in _calls:
        with make(scene) as case:
            case.bench.inside(scene.spoil)
            run_with_fault(case.faults, lambda: scene.run(case.controller), "none", 0)
            _calls[scene.name] = case.faults.calls()
    return _calls[scene.name]


def places(calls: list[str], scene: Scene, kind: str) -> list[tuple[str, int]]:
    """Return the faults to try, each a kind and the number of a call."""
    assert len(calls) < scene.bound, "the bound is too small"
    first = 3  # the first two calls only read
    if scene.spoil:  # the way in is tried by another scene: sshd is asked, and refuses, once the drop-in is there
        first = next(n for n, call in enumerate(calls, 1) if call.startswith("mv ") and "sshd_config.d/00-rec" in call)
    numbers = range(first, len(calls) + 1)
    if kind == "half":
        found = [(half, n) for n in numbers for half in ("head", "tail") if calls[n - 1].startswith(HALF)]
        found = found if EVERY else found[:: KINDS[kind]]
    else:
        step = 1 if EVERY else KINDS[kind] * scene.step
        # Kinds with the same step begin at different calls.
        found = [(kind, n) for n in numbers[list(KINDS).index(kind) % step :: step]]
    return found if EVERY else found[:: scene.step if kind == "half" else 1]


def try_fault(case: Case, scene: Scene, kind: str, at: int) -> str:
    """Let one call go wrong, then let the next run come; return how the first one ended."""
    case.bench.inside(scene.spoil)
    ended = run_with_fault(case.faults, lambda: scene.run(case.controller), kind, at)
    if kind in {"fail", "late", "cut"} and "left to do there" not in ended:
        case.expect_clean("after it")
    elif kind == "kill" and at % 2:
        # Else the next run finds it at work.
        case.expect(running(case.bench, patience_s=20 + CONFIRM_S) == "", "it went on for ever")
    case.bench.inside(scene.mend)
    found: list[str] = []

    def look() -> None:
        found.append(case.bench.state())

    again = scene.run(case.controller, after_facts=look)
    if kind == "kill" and isinstance(again.error, ReceiverUnreachableError):
        # What goes on by itself there made sshd read its configuration anew, right now.
        again = scene.run(case.controller, after_facts=look)
    case.expect(again.error is None, f"the next run said {again.error}")
    case.expect_clean("after the next run")
    finished = case.bench.state()
    states = [found[0], finished, case.before, case.original]
    if kind not in {"fail", "late", "cut"}:
        states = [*map(without_leftovers, states)]
    seen, finished, before, original = states
    case.expect_state(seen, before, finished, when="for the next run")
    if original:
        case.expect_state(finished, original, when="in the end")
    if scene.run is Controller.set_up and (at % 6 == 0 or EVERY):
        case.expect(case.controller.remove().error is None, "a removal failed")
        case.expect_clean("after a removal")
        case.expect_state(case.bench.state(), case.before, when="after a removal")
    return ended


def without_leftovers(state: str) -> str:
    """Leave out what a power cut leaves right beside a journal's beginning or end, and nobody goes by.

    That is a folder that was to become the journal, and our own one where it is empty then; a later run that has
    something to do there takes them away in the end.
    """
    ours = STATE[1:]
    lines = [line for line in state.splitlines(keepends=True) if f"{ours}/journal." not in line]
    if any(f"{ours}/" in line for line in lines):
        return "".join(lines)
    return "".join(line for line in lines if not line.startswith(f"{ours} directory "))


def differences(before: str, after: str) -> str:
    """Return the lines that only one of two trees has."""
    former, now = set(before.splitlines()), set(after.splitlines())
    return "; ".join([*(f"-{line}" for line in sorted(former - now)), *(f"+{line}" for line in sorted(now - former))])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.thorough] if scene.adopt or len(scene.users) > 1 else [])
        for name, scene in SCENES.items()
    ],
)
def test_a_run_that_goes_wrong_anywhere_leaves_nothing_and_the_next_one_succeeds(
    make_case: Make, name: str, kind: str
) -> None:
    scene = SCENES[name]
    calls = calls_of(make_case, scene)
    problems = []
    for way, at in places(calls, scene, kind):
        with make_case(scene) as case:
            ended = try_fault(case, scene, way, at)
        problems += [f"{way} at {at}, {calls[at - 1]} -> {ended}: {problem}" for problem in case.problems]
    assert not problems, "\n".join(problems)


# ---- the whole command, with a camera


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("fail", "useradd "),
        ("late", "service "),
        ("kill", "chown "),
        ("kill", "mv -f "),
        ("cut", "useradd "),
        ("cut", "sync "),
        ("cut", f"mkdir -p {STATE}/accounts"),
        ("cut", f"rm -f {STATE}/journal/owner"),
        ("power", "service "),
        ("power", f"mv {STATE}/journal/applied"),
        ("power", f"rm -f {STATE}/journal/owner"),
        ("tail", f"rm -f {STATE}/journal/"),
    ],
)
def test_the_whole_command_agrees_with_the_camera_after_a_fault(
    bench: Bench, make_camera: MakeCamera, kind: str, call: str
) -> None:
    camera = make_camera()
    before = bench.state()
    faults = Faults(bench)
    with faults.armed("none", 0):
        assert bench.setup(camera).code == 0
    # The last one, where there are several.
    at = max(number for number, made in enumerate(faults.calls(), 1) if made.startswith(call))
    assert bench.remove(camera).code == 0
    with faults.armed(kind, at):
        started = bench.start(*bench.arguments(camera, options=("--confirm-within", str(CONFIRM_S))))
        follow(faults, kind, started)
    result = finish(started)
    former = {name: camera.state.fields[name] for name in FORMER} == FORMER
    if kind in {"fail", "late", "cut"}:
        assert (result.code == 0) is not former, result.out
        assert (bench.state() == before) is former, result.out
    again = bench.setup(camera)
    assert again.code == 0, again.err
    assert bench.inside(f"sshd -t; ls -d {STATE}/journal*") == ""
    assert running(bench, patience_s=1) == ""
    removed = bench.remove(camera)
    assert removed.code == 0, removed.err
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER
