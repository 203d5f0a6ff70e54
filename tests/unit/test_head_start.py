"""Work that begins early: its outcome comes where it is waited for, and so do its questions."""

import threading

import pytest

from receiver_setup.process.head_start import HeadStart
from receiver_setup.process.prompts import ask_where_awaited


def test_what_the_work_returns_comes_however_often_it_is_asked_for() -> None:
    begun = HeadStart(lambda: "done")
    assert (begun.result(), begun.result()) == ("done", "done")


def test_it_begins_before_anybody_waits() -> None:
    started = threading.Event()
    begun = HeadStart(started.set)
    assert started.wait(10)
    assert begun.result() is None


def test_what_the_work_raises_is_raised_where_it_is_waited_for() -> None:
    def work() -> None:
        raise ValueError("no")

    begun = HeadStart(work)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^no$"):
            begun.result()


def test_its_questions_are_asked_by_the_one_who_waits_and_none_before() -> None:
    asked: list[tuple[str, threading.Thread]] = []

    def question(name: str) -> str:
        asked.append((name, threading.current_thread()))
        return name.upper()

    wants_to_ask = threading.Event()

    def work() -> str:
        wants_to_ask.set()
        return ask_where_awaited(lambda: question("a")) + ask_where_awaited(lambda: question("b"))

    begun = HeadStart(work)
    assert wants_to_ask.wait(10)
    assert asked == []
    assert begun.result() == "AB"
    assert asked == [("a", threading.current_thread()), ("b", threading.current_thread())]


def test_ctrl_c_at_a_question_ends_the_wait_and_the_work() -> None:
    ended: list[BaseException] = []
    over = threading.Event()

    def question() -> str:
        raise KeyboardInterrupt

    def work() -> None:
        try:
            ask_where_awaited(question)
        except BaseException as error:
            ended.append(error)
            raise
        finally:
            over.set()

    begun = HeadStart(work)
    with pytest.raises(KeyboardInterrupt):
        begun.result()
    assert over.wait(10)
    assert isinstance(ended[0], KeyboardInterrupt)
