"""Signals wait until a body has come to its end, and end a run as Ctrl-C does."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager

import pytest

from receiver_setup.compat import ENDING_SIGNALS
from receiver_setup.process.interrupts import Stop, endings_interrupt, heed_another, ignore_signals, shielded


def interrupted() -> AbstractContextManager[object]:
    """Expect Ctrl-C to come out of a body of several statements: when it comes is the point."""
    return pytest.raises(KeyboardInterrupt)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_waits_for_the_end_of_the_body(number: int) -> None:
    done = []
    with interrupted(), endings_interrupt(), shielded():
        send(number)
        done.append("the rest of the body")
    assert done


def test_several_signals_are_one_interrupt() -> None:
    with interrupted(), shielded():
        for _ in range(3):
            send(signal.SIGINT)


def test_a_shield_inside_a_shield_delivers_at_the_outer_end() -> None:
    done = []
    with interrupted(), shielded():
        with shielded():
            send(signal.SIGINT)
        done.append("still shielded")
    assert done


def test_what_an_inner_shield_drops_does_not_take_along_what_came_before_it() -> None:
    done = []
    with interrupted(), endings_interrupt(), shielded():
        send(signal.SIGINT)
        with shielded(deliver=False):
            send(signal.SIGTERM)
        done.append("the rest of the body")
    assert done


def test_a_signal_that_a_shield_drops_interrupts_nothing() -> None:
    done = []
    with endings_interrupt():
        with shielded(deliver=False):
            send(signal.SIGINT)
        done.append("told")
    assert done


def test_a_body_that_fails_loses_no_signal() -> None:
    with interrupted(), endings_interrupt(), shielded():
        send(signal.SIGINT)
        raise LookupError


def test_one_handler_stays_in_place_while_bodies_are_shielded() -> None:
    with endings_interrupt():
        before = [signal.getsignal(number) for number in ENDING_SIGNALS]
        with shielded(), shielded():
            assert [signal.getsignal(number) for number in ENDING_SIGNALS] == before


def test_a_handler_that_raises_as_soon_as_it_is_back_keeps_no_other_from_going_back() -> None:
    before = [signal.getsignal(number) for number in ENDING_SIGNALS]
    number, *others = ENDING_SIGNALS

    def meanwhile(*_: object) -> None:
        raise LookupError

    signal.signal(number, meanwhile)
    try:
        with pytest.raises(LookupError), shielded():
            send(number)
        assert [signal.getsignal(each) for each in others] == before[1:]
    finally:
        signal.signal(number, before[0])


def test_a_stop_is_told_to_those_who_listen_each_time() -> None:
    stop = Stop()
    told: list[str] = []
    stop.listen(lambda: told.append("early"))
    stop.tell()
    stop.listen(lambda: told.append("late"))
    assert told == ["early", "late"]
    stop.tell()
    assert told == ["early", "late", "early", "late"]


def test_an_interruption_that_has_to_wait_is_told_for_what(caplog: pytest.LogCaptureFixture) -> None:
    def told() -> bool:
        return any("the step “apply” must not be cut off" in record.getMessage() for record in caplog.records)

    with interrupted(), endings_interrupt(), shielded("the step “apply”"):
        send(signal.SIGINT)
        deadline = time.monotonic() + 30
        while not told() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert told()


def test_without_a_signal_nothing_happens_and_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in ENDING_SIGNALS]
    with shielded():
        assert [signal.getsignal(number) for number in ENDING_SIGNALS] != before
    with endings_interrupt():
        assert [signal.getsignal(number) for number in ENDING_SIGNALS] != before
    assert [signal.getsignal(number) for number in ENDING_SIGNALS] == before


@pytest.mark.parametrize("guard", [shielded, endings_interrupt])
def test_handlers_are_put_back_after_a_failure(guard: object) -> None:
    assert callable(guard)
    before = [signal.getsignal(number) for number in ENDING_SIGNALS]
    with pytest.raises(LookupError), guard():
        raise LookupError
    assert [signal.getsignal(number) for number in ENDING_SIGNALS] == before


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_every_ending_signal_interrupts_as_ctrl_c_does(number: int) -> None:
    with interrupted(), endings_interrupt():
        send(number)
        signal.pause()


@pytest.mark.parametrize("others", [ENDING_SIGNALS, (signal.SIGINT,) * 3])
def test_what_an_interrupt_begins_is_not_cut_short_by_another(others: tuple[int, ...]) -> None:
    done = []
    with endings_interrupt():
        try:
            send(signal.SIGINT)
        except KeyboardInterrupt:
            for number in others:
                send(number)
            done.append("put back")
    assert done


@pytest.mark.parametrize("early", [True, False], ids=["before it is heeded", "after"])
def test_a_second_interrupt_comes_where_it_is_heeded_and_only_once(early: bool) -> None:
    done = []
    with endings_interrupt():
        with interrupted():
            send(signal.SIGINT)
        if early:
            send(signal.SIGINT)
        with interrupted():
            heed_another()
            done.append("heeded")
            send(signal.SIGTERM)
        send(signal.SIGINT)
        done.append("put back")
    assert done == (["put back"] if early else ["heeded", "put back"])


def test_to_heed_another_is_nothing_where_nothing_was_guarded() -> None:
    heed_another()
    with interrupted():
        send(signal.SIGINT)


def test_nothing_interrupts_once_all_is_done() -> None:
    done = []
    with endings_interrupt():
        ignore_signals()
        send(signal.SIGINT)
        done.append("told")
    assert done


def test_within_a_guarded_body_another_one_changes_nothing() -> None:
    with endings_interrupt():
        with interrupted(), endings_interrupt():
            send(signal.SIGINT)
        send(signal.SIGINT)  # it was the one that interrupts


def test_a_hang_up_that_nohup_lets_pass_is_let_pass() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with endings_interrupt():
            send(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_that_dealt_with_an_interruption_ends_with_its_own_exit_code() -> None:
    """CPython would end it by the signal, where the interruption came out of an exec."""
    code = (
        "import sys\nfrom receiver_setup.process.interrupts import end_undisturbed, interrupt_once\ninterrupt_once()\n"
        "try:\n    exec('import os, signal; os.kill(os.getpid(), signal.SIGINT)')\n"
        "except KeyboardInterrupt:\n    end_undisturbed()\n    sys.exit(130)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 130


def test_in_another_thread_the_body_just_runs() -> None:
    done = []

    def body() -> None:
        with shielded():
            done.append("ran")

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert done == ["ran"]
