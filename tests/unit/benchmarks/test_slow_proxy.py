"""The benchmark's slow line: what goes through it, and what it counts."""

import doctest
import socket
import threading
from collections.abc import Iterator

import pytest

import slow_proxy
from slow_proxy import SlowLine

HOST = "127.0.0.1"


@pytest.fixture
def echo() -> Iterator[int]:
    """Give the port of a server that sends each piece back to one client, until that has ended."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while piece := connection.recv(65_536):
                    connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def ask(connection: socket.socket, question: bytes) -> bytes:
    connection.sendall(question)
    answer = b""
    while len(answer) < len(question):
        answer += connection.recv(65_536)
    return answer


def send_all(connection: socket.socket, text: bytes) -> None:
    connection.sendall(text)
    connection.shutdown(socket.SHUT_WR)


def test_every_question_is_a_trip_and_so_is_the_connection(echo: int) -> None:
    with SlowLine(HOST, 0.001) as line:
        relay = line.relay(HOST, echo)
        with socket.create_connection((relay.host, relay.port)) as connection:
            assert [ask(connection, word) for word in (b"one", b"two")] == [b"one", b"two"]
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        assert (line.trips.connections, line.trips.trips) == (1, 3)


def test_what_is_long_arrives_whole_and_in_order(echo: int) -> None:
    text = bytes(range(256)) * 4096
    with SlowLine(HOST, 0.001) as line:
        relay = line.relay(HOST, echo)
        with socket.create_connection((relay.host, relay.port)) as connection:
            sender = threading.Thread(target=send_all, args=(connection, text))
            sender.start()
            seen = b""
            while piece := connection.recv(65_536):
                seen += piece
            sender.join()
    assert seen == text


def test_a_far_side_that_is_not_there_ends_the_connection() -> None:
    with socket.create_server((HOST, 0)) as gone:
        port = gone.getsockname()[1]
    with SlowLine(HOST, 0.001) as line:
        relay = line.relay(HOST, port)
        with socket.create_connection((relay.host, relay.port)) as connection:
            assert connection.recv(1) == b""


def test_the_examples_hold() -> None:
    ran = doctest.testmod(slow_proxy)
    assert (ran.failed, ran.attempted > 0) == (0, True)
