"""Signals wait until a body has come to its end, and end a run as Ctrl-C does."""

import os
import signal
import threading
from contextlib import AbstractContextManager

import pytest

from receiver_setup.interrupts import ENDING_SIGNALS, endings_interrupt, shielded


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


def test_in_another_thread_the_body_just_runs() -> None:
    done = []

    def body() -> None:
        with shielded():
            done.append("ran")

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert done == ["ran"]
