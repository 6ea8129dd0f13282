"""
The process that asks: `python -m tools.bench.asking`, a plan on stdin, the answers on stdout.

A client in Python must cost less than the server it asks, so this one speaks just enough HTTP/1.1:
a ready-made head, and of a reply its status, its length and whether a token is in it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import re
import sys
import time
from collections import Counter

from tools.bench.load import Plan, Question

PATIENCE = 20.0  # seconds; a workspace gives up after ten
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection; `ask` it, one question at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head + b"\r\n")
        if length is not None and len(body) >= int(length[1]):
            reply, self._buffer = self._buffer, b""
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    async def ask(self, head: bytes) -> bytes:
        """Return the reply to the request *head*."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(head)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Asking:
    """Carries *plan* out and counts what comes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._left = plan.count
        self.times: list[float] = []
        self.errors: Counter[str] = Counter()

    async def run(self) -> float:
        """Ask everything; return how long that took."""
        began = time.perf_counter()
        if self._plan.seconds:
            draw = random.Random(1)
            moments = sorted(draw.uniform(0, self._plan.seconds) for _ in self._plan.questions)
            pairs = zip(self._plan.questions, moments, strict=True)
            await asyncio.gather(*(self._once(one, began + at) for one, at in pairs))
        else:
            await asyncio.gather(*(self._again(one) for one in self._plan.questions))
        return time.perf_counter() - began

    async def _again(self, question: Question) -> None:
        connection = await _connected(question)
        head = question.head.encode()
        while self._left > 0:
            self._left -= 1
            due = time.perf_counter()
            self._count(await connection.ask(head), due)
        connection.close()

    async def _once(self, question: Question, due: float) -> None:
        await asyncio.sleep(due - time.perf_counter())
        try:
            async with asyncio.timeout(PATIENCE):
                connection = await _connected(question)
                self._count(await connection.ask(question.head.encode()), due)
                connection.close()
        except (OSError, TimeoutError) as error:
            self.errors[type(error).__name__] += 1

    def _count(self, reply: bytes, due: float) -> None:
        seconds = time.perf_counter() - due
        if reply.startswith(b"HTTP/1.1 200 ") and b'"token":"ghs_' in reply:
            self.times.append(seconds)
        else:
            self.errors[reply[9:12].decode("ascii", "replace")] += 1


async def _connected(question: Question) -> Connection:
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(Connection, "127.0.0.1", question.port))[1]


def main() -> None:
    """Read the plan, carry it out, print the answers."""
    told = json.load(sys.stdin)
    questions = [Question(**one) for one in told.pop("questions")]
    asking = Asking(Plan(questions, **told))
    # A pause of this process would be counted as the server's.
    gc.disable()
    wall = asyncio.run(asking.run())
    json.dump({"times": asking.times, "errors": asking.errors, "wall": wall}, sys.stdout)


if __name__ == "__main__":
    main()
