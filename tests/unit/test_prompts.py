"""Questions from threads: asked by the one who serves, in turn, and by nobody once that one was interrupted."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from receiver_setup.process.head_start import HeadStart
from receiver_setup.process.prompts import PromptQueue, ask_where_awaited


def ask_for(desk: PromptQueue, name: str) -> tuple[str, threading.Thread]:
    """Ask from a thread of its own; return the answer and the thread that gave it."""
    with desk.asks_here():
        return ask_where_awaited(lambda: (name, threading.current_thread()))


def test_where_nobody_serves_a_question_is_just_asked() -> None:
    assert ask_where_awaited(lambda: 7) == 7


def test_all_questions_are_asked_in_the_thread_that_serves() -> None:
    desk = PromptQueue()
    with ThreadPoolExecutor(4) as executor:
        futures = [executor.submit(ask_for, desk, str(number)) for number in range(9)]
        for future in futures:
            future.add_done_callback(lambda _: desk.wake())
        desk.serve(lambda: all(future.done() for future in futures))
    assert [future.result() for future in futures] == [(str(n), threading.current_thread()) for n in range(9)]


def test_a_head_start_within_a_thread_asks_where_that_thread_does() -> None:
    desk, seen = PromptQueue(), []

    def work() -> None:
        with desk.asks_here():
            seen.append(HeadStart(lambda: ask_where_awaited(threading.current_thread)).result())
        desk.wake()

    thread = threading.Thread(target=work)
    thread.start()
    desk.serve(lambda: bool(seen))
    thread.join(10)
    assert seen == [threading.current_thread()]


def test_after_an_interruption_every_other_question_ends_like_it() -> None:
    desk = PromptQueue()
    asked: list[str] = []

    def question(name: str) -> str:
        asked.append(name)
        raise KeyboardInterrupt

    def work(name: str) -> str:
        with desk.asks_here():
            return ask_where_awaited(lambda: question(name))

    with ThreadPoolExecutor(2) as executor:
        futures: list[Future[str]] = [executor.submit(work, name) for name in "ab"]
        for future in futures:
            future.add_done_callback(lambda _: desk.wake())

        def done() -> bool:
            return all(future.done() for future in futures)

        with pytest.raises(KeyboardInterrupt):
            desk.serve(done)
        desk.close()
        desk.serve(done)
    assert len(asked) == 1
    for future in futures:
        with pytest.raises(KeyboardInterrupt):
            future.result()
