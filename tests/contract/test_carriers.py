"""One contract for all ways to a receiver: whatever carries a script, it arrives whole and comes back whole."""

# ruff: noqa: D102 - a test's name is its sentence
# ruff: noqa: S108 - /tmp of a receiver that is thrown away

import base64
import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command import start_inside
from support.links import breakable

from receiver_setup import errors
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverSetupError, ReceiverSudoError, ReceiverUnreachableError
from receiver_setup.formats.plain_shell import quote
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.apply import scripts as script
from receiver_setup.receiver.facts.records import parse_records
from receiver_setup.receiver.hosts import Output
from receiver_setup.receiver.hosts.local import LocalHost
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions
from receiver_setup.receiver.plan.wanted import Wanted
from receiver_setup.receiver.script import Script
from receiver_setup.secrets import Secret

SUDO_PASSWORD = 'su do\'s "$HOME" `word` %s'
SECRET = "s3cret-" + "canary-value"
Ask = Callable[[], Secret | None]


@dataclass
class Carrier:
    """One way to run a script as root on `receiver`; `way` is the login's user, after "ssh" or "local"."""

    receiver: ThrowawayReceiver
    key: AdminKey
    known_hosts: Path
    way: str
    password: str = ""

    @property
    def is_local(self) -> bool:
        return self.way.startswith("local")

    @property
    def user(self) -> str:
        return self.way.partition("-")[2]

    def host(self) -> SshHost:
        """Return a new carrier over SSH."""
        options = SshOptions(identity=self.key.path, known_hosts=self.known_hosts, config_file=Path("/dev/null"))
        return SshHost(ReceiverAddress(host=self.receiver.address, user=self.user), options)

    def run(self, text: str, *, timeout_s: float = 30, ask: Ask | None = None) -> Output:
        """Run a script over a new connection, and close that."""
        if self.is_local:
            return self._run_local(text, timeout_s, ask)
        host = self.host()
        try:
            return RootShell(host, sudo_password=ask or self.ask, timeout_s=timeout_s).run(
                Script(text=text), step="test"
            )
        finally:
            host.close()

    def ask(self) -> Secret | None:
        return Secret(self.password) if self.password else None

    def _run_local(self, text: str, timeout_s: float, ask: Ask | None) -> Output:
        password = (ask or self.ask)()
        process = self.start_local(text, timeout_s=timeout_s, password=password.reveal() if password else "")
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        told = json.loads(out)
        if "error" in told:
            kind: type[ReceiverSetupError] = getattr(errors, told["error"])
            raise kind(told["message"], hint=told["hint"])
        assert told["host"] == self.receiver.name
        assert told["left"] == [], "a child of the carrier's is left"
        return Output(data=base64.b64decode(told["data"]), errors=told["errors"], status=told["status"])

    def start_local(self, text: str, *, timeout_s: float = 30, password: str = "") -> subprocess.Popen[str]:
        """Start a process inside that runs a script by the local carrier."""
        process = start_inside(
            *(str(self.receiver.pid), self.user, "script"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps({"script": text, "timeout_s": timeout_s, "sudo_password": password}))
        process.stdin.close()
        process.stdin = None
        return process

    def inside(self, line: str) -> str:
        """Run a line of shell inside, past the carrier."""
        return self.receiver.run("sh", "-c", line).stdout.decode()

    def processes(self) -> set[str]:
        """Return what runs inside, without the looking itself."""
        listed = self.inside(
            'for p in /proc/[0-9]*; do [ "${p#/proc/}" = $$ ] || cat $p/cmdline | tr "\\0" " "; echo; done'
        )
        return {line for line in listed.splitlines() if line and not line.startswith(("cat ", "tr "))}


def appears(look: Callable[[], bool], *, within_s: float = 15) -> bool:
    """Say whether something comes true in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if look():
            return True
        time.sleep(0.02)
    return look()


class Receivers:
    """Fresh receivers on demand, one of each kind for all tests of this module."""

    def __init__(self, stack: ExitStack, key: AdminKey, folder: Path) -> None:
        self._stack, self.key, self._folder = stack, key, folder
        self._made: dict[str, ThrowawayReceiver] = {}

    def get(self, sudo: str) -> ThrowawayReceiver:
        if sudo not in self._made:
            password = SUDO_PASSWORD if sudo == "password" else None
            fresh = ThrowawayReceiver(admin_public_key=self.key.public_line, sudo=sudo, sudo_password=password)
            self._made[sudo] = self._stack.enter_context(fresh)
            fresh.run("sh", "-c", "echo 'Defaults logfile=/var/log/sudo.log' >>/etc/sudoers")
            lines = fresh.known_hosts
            (self._folder / sudo).write_text(lines)
        return self._made[sudo]

    def carrier(self, way: str, sudo: str) -> Carrier:
        password = SUDO_PASSWORD if sudo == "password" else ""
        receiver = self.get(sudo)
        return Carrier(receiver, self.key, self._folder / sudo, way, password)


@pytest.fixture(scope="module")
def receivers(
    private_network: object,  # noqa: ARG001 - it must exist first
    admin_key: AdminKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Receivers]:
    with ExitStack() as stack:
        yield Receivers(stack, admin_key, tmp_path_factory.mktemp("known"))


@pytest.mark.parametrize(
    ("way", "sudo"),
    [
        ("ssh-admin", "nopasswd"),
        ("ssh-root", "nopasswd"),
        ("ssh-admin", "password"),
        ("local-root", "nopasswd"),
        ("local-admin", "password"),
    ],
)
class TestEveryCarrier:
    """What holds however a script gets to the receiver."""

    @pytest.fixture
    def carrier(self, receivers: Receivers, way: str, sudo: str) -> Carrier:
        return receivers.carrier(way, sudo)

    def test_a_megabyte_of_any_bytes_comes_back_whole_and_errors_apart(self, carrier: Carrier) -> None:
        text = "cd /tmp; head -c 1048576 /dev/urandom >any; sha256sum <any >&2; cat any; id -u >&2; rm any\n"
        output = carrier.run(text)
        digest, _, uid = output.errors.split()
        assert len(output.data) == 1048576
        assert hashlib.sha256(output.data).hexdigest() == digest
        assert uid == "0"

    def test_the_exit_status_comes_back(self, carrier: Carrier) -> None:
        for status in (0, 77, 255):
            output = carrier.run(f"echo out; echo err >&2; exit {status}\n")
            assert (output.data, output.errors, output.status) == (b"out\n", "err\n", status)

    def test_a_script_that_a_signal_ends_has_no_success(self, carrier: Carrier) -> None:
        with pytest.raises(ReceiverUnreachableError):
            carrier.run("echo first; kill -KILL $$\n")

    def test_a_script_of_any_length_runs_wholly(self, carrier: Carrier) -> None:
        long = "x" * 300_000
        assert carrier.run(f"value={long}\necho ${{#value}}\n").data == b"300000\n"

    def test_a_script_may_print_much_before_it_was_read_to_its_end(self, carrier: Carrier) -> None:
        output = carrier.run("head -c 1048576 /dev/zero\n" + "# filler\n" * 40_000 + "echo end\n")
        assert len(output.data) == 1048576 + len("end\n")

    def test_a_tool_that_reads_its_input_does_not_eat_the_script(self, carrier: Carrier) -> None:
        for tool in ("getent", "stat", "ip"):
            greedy = f'#!/bin/sh\\ncat >/dev/null\\nexec $(PATH=/usr/bin:/bin:/usr/sbin command -v {tool}) "$@"'
            carrier.inside(f"printf '{greedy}\\n' >/usr/local/bin/{tool}; chmod 755 /usr/local/bin/{tool}")
        try:
            # More than a shell reads ahead, or there is nothing left to be eaten.
            behind = "# filler\n" * 20_000 + "echo behind it\n"
            wanted = Wanted(user="ipcamera", home="/home/ipcamera", directory="recordings", slots=())
            output = carrier.run(f"{script.render_facts([wanted], routes=('10.99.0.1',)).whole()}\n{behind}")
        finally:
            carrier.inside("cd /usr/local/bin; rm getent stat ip")
        told, rest = output.data.split(b"@end 2\nok\n")
        assert rest == b"behind it\n"
        assert ("route", f"10.99.0.1 {carrier.receiver.address}".encode()) in parse_records(told + b"@end 2\nok\n")

    def test_values_arrive_as_they_are(self, carrier: Carrier) -> None:
        values = (
            'it\'s "quoted"',
            "two\nlines\n\nand a blank",
            "$(touch /canary)`touch /canary`;touch /canary",
            "\\ $HOME *",
            "ä€",
        )
        text = "".join(f"printf '%s|' {quote(value)}\n" for value in values)
        assert carrier.run(text).data == "".join(f"{value}|" for value in values).encode()
        assert carrier.inside("ls /canary") == ""

    def test_a_secret_of_the_script_shows_in_no_process_list_and_no_file(self, carrier: Carrier) -> None:
        look = 'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; tr "\\0" " " <$p/environ; done 2>/dev/null'
        output = carrier.run(f"password={SECRET}\nprintf x:%s $password >/dev/null; {look}; echo looked\n")
        seen = output.data.decode(errors="replace")
        assert seen.endswith("looked\n")
        assert "receiver-setup ready" in seen or "sh -s" in seen, "the script's own processes were looked at"
        assert SECRET not in seen
        assert SUDO_PASSWORD not in seen
        folders = ("/etc", "/tmp", "/var", "/run", "/home", "/root")
        new = ("-type", "f", "-mmin", "-10")
        searched = carrier.receiver.run(
            *("find", *folders, *new, "-exec", "grep", "-lF", "-e", SECRET, "-e", SUDO_PASSWORD, "{}", "+")
        )
        assert searched.stdout == b""

    def test_waiting_ends_in_time_and_the_script_still_runs_to_its_end(self, carrier: Carrier) -> None:
        mark = f"/tmp/late-{time.monotonic_ns()}"
        with pytest.raises(ReceiverUnreachableError, match="in time"):
            carrier.run(f"trap '' HUP PIPE\n{{ sleep 5; echo late; touch {mark}; }} </dev/null\n", timeout_s=1)
        assert carrier.inside(f"ls {mark}") == ""  # no clock: on a busy machine the local carrier's start takes seconds
        assert appears(lambda: carrier.inside(f"ls {mark}") != "")

    def test_nothing_runs_on_after_the_end(self, carrier: Carrier) -> None:
        before = carrier.processes()
        carrier.run("echo done\n")
        assert appears(lambda: carrier.processes() <= before), carrier.processes() - before


@pytest.mark.parametrize("carrier", ["ssh", "local"])
class TestEverySudo:
    """How root is reached, or not, by a login that is not root."""

    def test_a_wrong_password_is_sent_once(self, receivers: Receivers, carrier: str) -> None:
        way = receivers.carrier(f"{carrier}-admin", "password")
        way.inside("rm -f /var/log/sudo.log")
        with pytest.raises(ReceiverSudoError, match="refused") as caught:
            way.run("touch /tmp/never\n", ask=lambda: Secret("wrong one"))
        assert "password" in caught.value.hint
        assert "wrong one" not in caught.value.message
        assert appears(lambda: "incorrect password attempt" in way.inside("cat /var/log/sudo.log"))
        log = " ".join(way.inside("cat /var/log/sudo.log").split())
        assert "1 incorrect password attempt " in log
        assert way.inside("ls /tmp/never") == ""

    def test_without_a_password_the_hint_tells_how_to_give_one(self, receivers: Receivers, carrier: str) -> None:
        way = receivers.carrier(f"{carrier}-admin", "password")
        before = way.processes()
        with pytest.raises(ReceiverSudoError, match="asks for a password") as caught:
            way.run("touch /tmp/never\n", ask=lambda: None)
        assert "RECEIVER_SETUP_SUDO_PASSWORD" in caught.value.hint
        assert "--sudo-password-file" in caught.value.hint
        assert appears(lambda: way.processes() <= before), way.processes() - before

    def test_the_password_is_asked_for_only_when_it_is_needed(self, receivers: Receivers, carrier: str) -> None:
        way = receivers.carrier(f"{carrier}-admin", "nopasswd")

        def never() -> Secret | None:
            if carrier == "ssh":
                pytest.fail("asked for a password that nobody needs")
            return None

        assert way.run("id -u\n", ask=never).data == b"0\n"

    def test_who_is_not_in_sudoers_is_told_so(self, receivers: Receivers, carrier: str) -> None:
        way = receivers.carrier(f"{carrier}-admin", "none")
        way.receiver.run("chpasswd", input=b"admin:right one\n")
        with pytest.raises(ReceiverSudoError, match="sudoers"):
            way.run("touch /tmp/never\n", ask=lambda: Secret("right one"))
        assert way.inside("ls /tmp/never") == ""

    def test_a_sudo_that_wants_a_terminal_is_told_before_a_password_is_asked_for(
        self, receivers: Receivers, carrier: str
    ) -> None:
        way = receivers.carrier(f"{carrier}-admin", "password")
        way.inside("echo 'Defaults requiretty' >>/etc/sudoers")

        def never() -> Secret | None:
            if carrier == "ssh":
                pytest.fail("asked for a password that is of no use")
            return None

        try:
            with pytest.raises(ReceiverSudoError, match="requiretty") as caught:
                way.run("touch /tmp/never\n", ask=never)
        finally:
            way.inside("sed -i /requiretty/d /etc/sudoers")
        assert "!requiretty" in caught.value.hint
        assert way.run("id -u\n").data == b"0\n", "without that line all is well"

    def test_a_receiver_without_sudo_is_an_error_that_says_so(self, receivers: Receivers, carrier: str) -> None:
        way = receivers.carrier(f"{carrier}-admin", "nopasswd")
        # Nothing that can be run lies where sudo was.
        way.inside("mount --bind /dev/null /usr/bin/sudo")
        try:
            with pytest.raises(ReceiverSudoError, match="has no sudo"):
                way.run("id -u\n")
        finally:
            way.inside("umount /usr/bin/sudo")
        assert way.run("id -u\n").data == b"0\n"

    def test_where_there_is_only_su_roots_password_opens_it(self, receivers: Receivers, carrier: str) -> None:
        way = receivers.carrier(f"{carrier}-admin", "nopasswd")
        way.receiver.run("chpasswd", input=b"root:the root word\n")
        way.inside("mount --bind /dev/null /usr/bin/sudo")
        try:
            done = way.run("id -u; cat\n", ask=lambda: Secret("the root word"))
            with pytest.raises(
                ReceiverSudoError, match=f"su on {way.host().name if carrier == 'ssh' else '.*'} refused: su: "
            ):
                way.run("touch /tmp/never\n", ask=lambda: Secret("another"))
        finally:
            way.inside("umount /usr/bin/sudo; usermod -p '*' root")
        assert (done.data, done.errors, done.status) == (b"0\n", "", 0)
        assert way.inside("ls /tmp/never") == ""


@pytest.mark.parametrize("user", ["admin", "root"])
def test_a_link_that_is_lost_is_an_error_and_the_script_runs_to_its_end(receivers: Receivers, user: str) -> None:
    way = receivers.carrier(f"ssh-{user}", "nopasswd")
    mark = f"/tmp/lost-{time.monotonic_ns()}"
    caught: list[BaseException] = []

    def run() -> None:
        try:
            way.run(f"trap '' HUP PIPE\n{{ touch {mark}; sleep 1; echo to nobody; touch {mark}.end; }} </dev/null\n")
        except ReceiverUnreachableError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert appears(lambda: way.inside(f"ls {mark}") != "")
    way.inside(f"kill -KILL $(pgrep -f '^sshd(-session)?: {user}')")
    thread.join(10)
    assert "was lost" in str(caught[0])
    assert way.inside(f"ls {mark}.end") == ""
    assert appears(lambda: way.inside(f"ls {mark}.end") != "")


AWAIT = "until [ -e {mark}.go ]; do sleep 0.05; done"
"""What keeps a script from its end until the test has looked."""


@pytest.mark.parametrize("user", ["admin", "root"])
def test_a_local_script_runs_to_its_end_when_we_are_killed(receivers: Receivers, user: str) -> None:
    way = receivers.carrier(f"local-{user}", "nopasswd")
    mark = f"/tmp/killed-{time.monotonic_ns()}"
    process = way.start_local(
        f"trap '' HUP PIPE\n{{ touch {mark}; {AWAIT.format(mark=mark)}; echo; touch {mark}.end; }} </dev/null\n"
    )
    assert appears(lambda: way.inside(f"ls {mark}") != "")
    process.terminate()
    process.communicate()
    assert way.inside(f"ls {mark}.end; touch {mark}.go") == ""
    assert appears(lambda: way.inside(f"ls {mark}.end") != "")


@pytest.mark.parametrize("moment", ["send", "finish", "receive", "close"])
def test_a_link_that_goes_at_any_moment_of_a_command_leaves_it_without_a_status(
    receivers: Receivers, moment: str
) -> None:
    host = receivers.carrier("ssh-admin", "nopasswd").host()
    with breakable() as break_link:
        stream = host.open("head -c 3000000 /dev/zero; cat")

        def reach(name: str) -> None:
            if name == moment:
                break_link()

        time.sleep(0.3)  # until so much lies here that its receipt must be told while it is read
        reach("send")
        stream.send(b"x")
        reach("finish")
        stream.finish()
        reach("receive")
        while moment != "close" and stream.receive(5) is not None:
            pass
        reach("close")
        stream.close()
    assert stream.status() is None
    host.close()


def test_a_link_that_was_lost_before_is_an_error_and_a_new_one_works(receivers: Receivers) -> None:
    way = receivers.carrier("ssh-admin", "nopasswd")
    host = way.host()
    shell = RootShell(host, sudo_password=way.ask)
    shell.run(Script(text="true\n"), step="test")
    way.inside("kill -KILL $(pgrep -f '^sshd(-session)?: admin')")
    time.sleep(0.2)
    with pytest.raises(ReceiverUnreachableError):
        shell.run(Script(text="true\n"), step="test")
    host.close()
    assert shell.run(Script(text="id -u\n"), step="test").data == b"0\n"
    host.close()


def test_a_login_is_proven_beside_the_first(receivers: Receivers) -> None:
    way = receivers.carrier("ssh-admin", "nopasswd")
    host = way.host()
    shell = RootShell(host, sudo_password=way.ask)
    connection = "echo $RECEIVER_SETUP_CONNECTION\n"
    first = shell.run(Script(text=connection), step="test").data
    assert host.prove_login() is True
    second = shell.run(Script(text=connection), step="test", anew=True).data
    assert first != second
    assert first.split()[2] == second.split()[2] == way.receiver.address.encode()
    assert shell.run(Script(text=connection), step="test").data == first
    assert (host.trips.connections, host.trips.commands) == (2, 3)
    host.close()
    assert LocalHost().prove_login() is False


def test_a_new_login_that_fails_leaves_the_first_connection_alone(receivers: Receivers) -> None:
    way = receivers.carrier("ssh-admin", "nopasswd")
    host = way.host()
    shell = RootShell(host, sudo_password=way.ask)
    shell.run(Script(text="mv /home/admin/.ssh/authorized_keys /home/admin/.ssh/away\n"), step="test")
    try:
        with pytest.raises(errors.ReceiverLoginError):
            host.prove_login()
    finally:
        shell.run(Script(text="mv /home/admin/.ssh/away /home/admin/.ssh/authorized_keys\n"), step="test")
    host.close()
