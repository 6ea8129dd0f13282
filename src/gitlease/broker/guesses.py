"""
The pace at which wrong enrolment secrets are looked up.

A secret has 256 random bits, so it is the work that guesses make that needs a limit, and not their
luck.  Nobody is refused for what others do: behind a proxy a whole fleet has one address.  Whoever
shows too many wrong ones, and whoever shares his address, is only answered later, a few times a
second and all of them by one read; a secret that is good is good then too.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.broker.errors import CrowdError

if TYPE_CHECKING:
    from collections.abc import Callable

# A fleet with a stale secret is told so at once, many times over.
OF_ONE: Final = 30  # wrong secrets of one address
OF_ALL: Final = 300  # of all addresses together
AGAIN: Final = 60.0  # seconds until all of them are forgotten
PACE: Final = 0.25  # seconds between two reads for those who wait
MOST_WAITING: Final = 500  # each holds a connection
_MOST_ADDRESSES: Final = 10_000


@dataclass(slots=True)
class _Wrong:
    """Wrong secrets that are not forgotten at *at*."""

    count: float
    at: float


class Guesses:
    """Counts wrong secrets by address, and lets whoever has shown too many wait for his turn."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all = _Wrong(0.0, clock())
        self._of: dict[str, _Wrong] = {}
        self._waiting = 0
        self._next: asyncio.Future[None] | None = None

    async def turn(self, address: str) -> None:
        """Return when a secret from *address* may be looked up; raise `CrowdError` for too many."""
        one = self._of.get(_group(address))
        is_over = self._left(self._all, OF_ALL) >= OF_ALL
        if not is_over and (one is None or self._left(one, OF_ONE) < OF_ONE):
            return
        if self._waiting >= MOST_WAITING:
            raise CrowdError(retry_after=1.0)
        self._waiting += 1
        try:
            await asyncio.shield(self._next_turn())
        finally:
            self._waiting -= 1

    def wrong(self, address: str) -> None:
        """Count a wrong secret from *address*."""
        if len(self._of) >= _MOST_ADDRESSES:
            self._of.clear()
        group, now = _group(address), self._clock()
        one = self._of.setdefault(group, _Wrong(0.0, now))
        for wrong, most in ((one, OF_ONE), (self._all, OF_ALL)):
            wrong.count = min(self._left(wrong, most) + 1, float(most))

    def _left(self, wrong: _Wrong, most: int) -> float:
        """Return how many are not forgotten; they are, one by one."""
        now = self._clock()
        wrong.count = max(0.0, wrong.count - (now - wrong.at) * most / AGAIN)
        wrong.at = now
        return wrong.count

    def _next_turn(self) -> asyncio.Future[None]:
        if self._next is None or self._next.done():
            loop = asyncio.get_running_loop()
            turn = self._next = loop.create_future()
            loop.call_later(PACE, turn.set_result, None)
        return self._next


def _group(address: str) -> str:
    """Return what one caller can hardly leave: an address of IPv4, 64 bits of one of IPv6."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.version == 4:
        return address
    return str(known.ipv4_mapped or ipaddress.ip_network((int(known) >> 64 << 64, 64)))
