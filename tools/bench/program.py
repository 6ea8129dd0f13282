"""
Start a program as git starts a credential helper, and time it to its end.

Every subject and every rival goes this way, so what starting costs us is the same for all: one
`posix_spawn` (a vfork, whatever the size of this process), the request already in the pipe.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class BenchError(Exception):
    """A program did not run, or its answer or a count was wrong: the figures mean nothing."""


def no_answer(reply: bytes) -> bool:
    """Accept a *reply* without a byte."""
    return not reply


@dataclass(frozen=True)
class Program:
    """
    A command line (its first word a full path), what it is told, and how it must answer.

    `accept` judges what it printed; `before` runs untimed ahead of each start.
    """

    argv: Sequence[str | os.PathLike[str]]
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    accept: Callable[[bytes], bool] = no_answer
    before: Callable[[], None] | None = None

    def time(self) -> float:
        """Run it once; return the seconds from start to end.  Raises `BenchError`."""
        if self.before:
            self.before()
        started = time.perf_counter()
        running = Running(self)
        running.finish()
        return time.perf_counter() - started


class Running:
    """A started *program*; what it writes to stderr is ours."""

    def __init__(self, program: Program) -> None:
        self._program = program
        asked, ask = os.pipe()
        # A request is far smaller than a pipe, so this cannot block.
        os.write(ask, program.stdin)
        os.close(ask)
        self._replies, reply = os.pipe()
        argv = [os.fspath(word) for word in program.argv]
        try:
            self._pid = os.posix_spawn(
                argv[0],
                argv,
                {"PATH": os.defpath, "LANG": "C.UTF-8", **program.env},
                file_actions=[(os.POSIX_SPAWN_DUP2, asked, 0), (os.POSIX_SPAWN_DUP2, reply, 1)],
            )
        except OSError as error:
            os.close(self._replies)
            raise BenchError(f"{argv[0]} does not start: {error.strerror}") from None
        finally:
            os.close(asked)
            os.close(reply)

    def finish(self) -> None:
        """Wait for its end; raise `BenchError` if its answer or its exit code is wrong."""
        parts, status = [], -1
        try:
            while part := os.read(self._replies, 65_536):
                parts.append(part)
            status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        except BaseException:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            raise
        finally:
            os.close(self._replies)
        said = b"".join(parts)
        if status != 0 or not self._program.accept(said):
            # The answer itself may hold a token.
            line = " ".join(os.fspath(word) for word in self._program.argv)
            raise BenchError(f"{line}: a wrong answer of {len(said)} bytes, exit code {status}")
