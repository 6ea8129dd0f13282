"""Which connections are cut: what came to nothing for long, and of too many the oldest."""

import asyncio
import contextlib
import fcntl
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitlease.broker.connections import Connections

MOST, LONGEST = 8, 30.0
Wish = Callable[[], object] | None


class Clock:
    """A time that is set."""

    time = 1000.0

    def __call__(self) -> float:
        return self.time


class Gate:
    """A listening socket of this process, and both ends of each connection to it."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._accepted: list[socket.socket] = []
        self.clock = Clock()
        self.connections = Connections(self.app, MOST, longest=LONGEST, clock=self.clock)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Read the body, then work."""
        del scope
        await receive()
        await send()

    def caller(self) -> socket.socket:
        """Open a connection and return the caller's end."""
        caller = self._stack.enter_context(socket.create_connection(self._listening.getsockname()))
        self._accepted.append(self._stack.enter_context(self._listening.accept()[0]))
        return caller

    def ask(self, caller: socket.socket, *, reading: Wish = None, working: Wish = None) -> None:
        """Let a request of *caller* be served; call *reading* and *working* meanwhile."""

        async def receive() -> None:
            if reading is not None:
                reading()

        async def send() -> None:
            if working is not None:
                working()

        asyncio.run(self.connections({"client": caller.getsockname()}, receive, send))

    def later(self, seconds: float) -> int:
        """Look after some *seconds*; return how many were cut."""
        self.clock.time += seconds
        count = self.connections.look()
        # A server closes what has ended.
        for one in self._accepted:
            if one.fileno() >= 0 and is_cut(one):
                one.close()
        return count


@pytest.fixture
def gate() -> Iterator[Gate]:
    with contextlib.ExitStack() as stack:
        made = Gate(stack)
        made.connections.look()
        yield made


def is_cut(caller: socket.socket) -> bool:
    caller.settimeout(0.02)
    try:
        return caller.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_what_comes_to_nothing_for_long_is_cut(gate: Gate) -> None:
    idle, busy = gate.caller(), gate.caller()
    assert gate.later(0) == 0
    assert gate.later(LONGEST - 1) == 0
    gate.ask(busy)
    assert gate.later(1) == 1
    assert (is_cut(idle), is_cut(busy)) == (True, False)
    assert gate.later(LONGEST) == 1
    assert is_cut(busy)


def test_of_too_many_those_go_that_waited_longest(gate: Gate) -> None:
    old = [gate.caller() for _ in range(MOST)]
    assert gate.later(0) == 0
    assert gate.later(10) == 0
    new = [gate.caller() for _ in range(3)]
    gate.later(0)
    assert [is_cut(one) for one in (*old, *new)] == [True] * 5 + [False] * 6
    assert gate.later(1) == 0


def test_a_crowd_that_has_just_come_is_let_be(gate: Gate) -> None:
    crowd = [gate.caller() for _ in range(MOST * 3)]
    assert gate.later(0) == 0
    assert gate.later(0.5) == 0
    assert gate.later(0.5) == MOST * 3 - MOST * 3 // 4
    assert sum(map(is_cut, crowd)) == MOST * 3 - MOST * 3 // 4


def test_a_request_that_waits_for_us_is_never_cut(gate: Gate) -> None:
    caller = gate.caller()
    gate.later(0)
    seen: list[int] = []
    gate.ask(caller, working=lambda: seen.append(gate.later(LONGEST * 2)))
    assert seen == [0]
    assert not is_cut(caller)


def test_a_body_that_does_not_come_is_the_callers_wait(gate: Gate) -> None:
    caller = gate.caller()
    gate.later(0)
    seen: list[int] = []
    gate.ask(caller, reading=lambda: seen.append(gate.later(LONGEST)))
    assert seen == [1]
    assert is_cut(caller)


def test_a_connection_that_this_process_opened_is_not_looked_at(gate: Gate) -> None:
    caller = gate.caller()
    gate.later(0)
    assert gate.later(LONGEST) == 1
    # Its own end is in this process too, and would have been the second one.
    assert caller.getpeername()


def test_looking_costs_this_process_no_lock(gate: Gate, tmp_path: Path) -> None:
    """SQLite's locks go with the first descriptor of the file that is closed."""
    look = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with (tmp_path / "file").open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        gate.caller()
        gate.later(0)
        gate.later(LONGEST)
        done = subprocess.run(
            [sys.executable, "-c", look, file.name], check=False, stderr=subprocess.DEVNULL
        )
        assert done.returncode == 1
