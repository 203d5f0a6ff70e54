from collections.abc import Iterator

import pytest

from receiver_setup.errors import ReceiverUnreachableError
from receiver_setup.formats.plain_shell import quote
from receiver_setup.receiver.hosts import Output, Stream
from receiver_setup.receiver.hosts.local import LocalHost, LocalStream
from receiver_setup.receiver.hosts.scripts import ScriptShell
from receiver_setup.receiver.script import Script

PARTS = {"first": "word() { printf '%s' \"it's $1\"; }", "second": 'twice() { word "$1"; word "$1"; }'}
ODD = "a\n$(b)`c`\\nä\udcff"
SHELLS = ("sh", "bash", "busybox sh")


class OurShell(ScriptShell):
    """Shells on this machine, as whoever runs the tests."""

    def __init__(self, shell: str, *, timeout_s: float = 30) -> None:
        super().__init__(LocalHost(), timeout_s=timeout_s)
        self.shell = shell
        self.opened = 0
        self.sent: list[int] = []

    def _open(self, step: str) -> Stream:  # noqa: ARG002 - as it has to be
        self.opened += 1
        return LocalStream(f"exec {self.shell} -s")

    def _report(self, step: str, sent: int, output: Output | None) -> None:  # noqa: ARG002 - as it has to be
        self.sent.append(sent)

    def _lost(self, step: str) -> ReceiverUnreachableError:
        return ReceiverUnreachableError(f"lost in {step}")

    def _late(self, step: str) -> ReceiverUnreachableError:
        return ReceiverUnreachableError(f"late in {step}")

    def told(self, text: str, *, anew: bool = False) -> bytes:
        """Return what a script prints."""
        return self.run(Script(text=text), step="test", anew=anew).data


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> Iterator[OurShell]:
    made = OurShell(request.param)
    yield made
    made.close()


def test_an_open_shell_runs_scripts_as_a_shell_for_each_would(shell: OurShell) -> None:
    show = 'printf %s "$library"; env | grep -c ^library=; '
    scripts = {
        "prints": Script(text="echo out; echo err >&2; exit 3"),
        "prints without an end of line": Script(text="printf out; printf err >&2"),
        "is silent": Script(text=":"),
        "prints bytes": Script(text="head -c 300000 /dev/zero; printf '\\n\\377'"),
        "uses the library": Script(text="twice \\'a", parts=PARTS),
        "stores some of it": Script(text=f"{show} twice x", parts=PARTS, stored=("first",)),
        "stores all of it": Script(text=f"{show} twice x", parts=PARTS, stored=("first", "second")),
        "reads its input": Script(text="cat >/dev/null; echo never\n" + "# filler\n" * 100_000),
        "has odd values": Script(text=f"printf %s {quote(ODD)}"),
        "cannot be read": Script(text="if true; then echo begun"),
        "sets what the next one must not see": Script(text="leak=1; word() { echo leaked; }; umask 0; cd /"),
        "does not see it": Script(text='echo "${leak-}"; umask; pwd; word x', parts={"first": PARTS["first"]}),
    }
    for name, script in scripts.items():
        alone = OurShell(shell.shell)
        kept, own = shell.run(script, step=name), alone.run(Script(text=script.whole()), step=name)
        assert (kept.data, kept.status) == (own.data, own.status), name
        assert bool(kept.errors) == bool(own.errors), name
        alone.close()
    assert shell.opened == 1


def test_a_part_of_the_library_is_sent_once(shell: OurShell) -> None:
    script = Script(text="twice x", parts=PARTS)
    assert {shell.run(script, step="test").data for _ in range(3)} == {b"it's xit's x"}
    assert shell.sent[0] - shell.sent[1] >= sum(map(len, PARTS.values()))
    assert shell.sent[1] == shell.sent[2]


def test_each_script_has_a_process_of_its_own(shell: OurShell) -> None:
    assert shell.told("echo $$; :") != shell.told("echo $$; :")
    assert shell.opened == 1


def test_what_a_script_prints_cannot_end_it(shell: OurShell) -> None:
    forged = shell.told("printf '\\n%032d 0\\n' 0; sleep 0.1; echo still here")
    assert forged.endswith(b"still here\n")


def test_a_script_that_a_signal_ends_is_a_lost_one(shell: OurShell) -> None:
    with pytest.raises(ReceiverUnreachableError, match="lost in test"):
        shell.told("kill -KILL $$")
    assert shell.told("echo here") == b"here\n"


def test_a_shell_that_is_gone_is_replaced(shell: OurShell) -> None:
    with pytest.raises(ReceiverUnreachableError, match="lost in test"):
        shell.told("kill -KILL $PPID")
    assert (shell.told("echo here"), shell.opened) == (b"here\n", 2)


def test_a_shell_that_is_late_is_given_up() -> None:
    shell = OurShell("sh", timeout_s=1)
    with pytest.raises(ReceiverUnreachableError, match="late in test"):
        shell.told("sleep 3; echo late")
    assert (shell.told("echo here"), shell.opened) == (b"here\n", 2)
    shell.close()


def test_another_shell_is_used_for_one_script_and_the_first_goes_on(shell: OurShell) -> None:
    first, other, last = (shell.told("echo $PPID; :", anew=anew) for anew in (False, True, False))
    assert first == last != other
    assert shell.opened == 2


def test_no_process_has_a_script_in_its_arguments(shell: OurShell) -> None:
    told = shell.told("value=c0ffee; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")
    assert b"busybox sh" in told or b"sh -s" in told
    assert b"value=c0ffee" not in told
