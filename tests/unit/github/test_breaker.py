"""A server that fails is left alone, asked by one probe at a time, and taken back at once."""

import asyncio
import contextlib

import pytest

from gitlease.github.breaker import FAILURES, FIRST_REST, LONGEST_REST, Breaker
from gitlease.model.errors import RefusedError, UnreachableError


class Server:
    def __init__(self) -> None:
        self.at = 0.0
        self.asked = 0
        self.breaker = Breaker("GitHub's API", monotonic=lambda: self.at)

    def fail(self) -> None:
        with contextlib.suppress(UnreachableError), self.breaker.attempt():
            self.asked += 1
            raise UnreachableError("away")

    def succeed(self) -> None:
        with self.breaker.attempt():
            self.asked += 1


@pytest.fixture
def server() -> Server:
    return Server()


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not(server: Server) -> None:
    for _ in range(FAILURES - 1):
        server.fail()
    server.succeed()
    for _ in range(FAILURES - 1):
        server.fail()
    assert not server.breaker.is_open
    server.fail()
    assert server.breaker.is_open
    server.fail()
    assert server.asked == 2 * FAILURES


def test_it_says_when_to_come_back(server: Server) -> None:
    for _ in range(FAILURES):
        server.fail()
    server.at = 2.0
    with pytest.raises(UnreachableError, match="left alone") as raised, server.breaker.attempt():
        pass
    assert raised.value.retry_after == FIRST_REST - 2


def test_probes_come_one_at_a_time_and_ever_more_rarely(server: Server) -> None:
    for _ in range(FAILURES):
        server.fail()
    rests = []
    for _ in range(8):
        started, asked = server.at, server.asked
        while server.asked == asked:
            server.at += 1
            server.fail()
        rests.append(server.at - started)
    assert rests[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert rests[-1] == LONGEST_REST
    server.at += LONGEST_REST
    with server.breaker.attempt(), pytest.raises(UnreachableError), server.breaker.attempt():
        pass
    assert not server.breaker.is_open


@pytest.mark.parametrize("end", [asyncio.CancelledError, RefusedError, ZeroDivisionError])
def test_a_probe_that_ends_otherwise_lets_the_next_one_pass(
    server: Server, end: type[BaseException]
) -> None:
    for _ in range(FAILURES):
        server.fail()
    server.at += FIRST_REST
    with pytest.raises(end), server.breaker.attempt():
        raise end("")
    assert server.breaker.is_open
    server.succeed()
    assert not server.breaker.is_open
