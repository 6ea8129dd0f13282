"""
What a server is asked, and what came of it.

The asking is done by a process of its own (`asking.py`), on a core of its own where there are two,
so that a rate is the server's and not the client's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tools.bench import cores
from tools.bench.program import BenchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMIT = 120  # seconds for a plan


@dataclass(frozen=True)
class Question:
    """A request for a lease: the `port` of a server on loopback, and the `head` that it is sent."""

    port: int
    head: str

    @classmethod
    def of(
        cls, url: str, workspace_id: str, bearer: str, *, owner: str = "", once: bool = False
    ) -> Question:
        """Return what *workspace_id* asks the server at *url*, and whether only *once*."""
        host = url.removeprefix("http://")
        query = f"?owner={owner}" if owner else ""
        lines = [
            f"GET /workspaces/{workspace_id}/github-installation-token{query} HTTP/1.1",
            f"Host: {host}",
            "Accept: application/json",
            f"Authorization: Bearer {bearer}",
            *(["Connection: close"] if once else []),
        ]
        return cls(int(host.rpartition(":")[2]), "".join(f"{line}\r\n" for line in (*lines, "")))


@dataclass(frozen=True)
class Plan:
    """
    Whom to ask what, and how often.

    Without `seconds` each question has a connection that is kept, where it is asked again after
    each answer, until there were `count` in all.  With `seconds` each is asked once, on a new
    connection, at a moment drawn from so many.
    """

    questions: Sequence[Question]
    count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Answers:
    """
    The `times` of the leases that came, in seconds, and how much else came, by kind.

    A time counts from when the question was due.  `wall` is the time of all of it.
    """

    times: Sequence[float]
    errors: Mapping[str, int]
    wall: float

    def within(self, percent: int) -> float:
        """Return the seconds within which *percent* of the leases came."""
        return sorted(self.times)[(len(self.times) - 1) * percent // 100]

    @property
    def pace(self) -> float:
        """Return the seconds for one lease, as many being under way as there were questions."""
        return self.wall / len(self.times)

    def all_right(self) -> Answers:
        """Return these answers; raise `BenchError` if one was no lease."""
        if self.errors or not self.times:
            raise BenchError(f"{len(self.times)} leases, and also {dict(self.errors)}")
        return self


def ask(plan: Plan) -> Answers:
    """Carry *plan* out; raise `BenchError` if that cannot be done."""
    with cores.pinned(cores.CLIENT):
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.bench.asking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    try:
        # Not in its arguments: there are bearers in it.
        said, _ = process.communicate(json.dumps(asdict(plan)), timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{plan.count or len(plan.questions)} leases took too long") from None
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise BenchError("the client of the load ended by an error")
    return Answers(**json.loads(said))
