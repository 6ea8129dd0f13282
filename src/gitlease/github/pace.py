"""
Spread an App's mints below GitHub's limit, so that a burst is slowed here and not refused there.

Source: GitHub docs, "Rate limits for the REST API": 900 points a minute for one endpoint, of which
a POST costs five.  Who runs into that limit is shut out for a minute or more, with all that the
App asks for.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from gitlease.model.counts import counted
from gitlease.model.errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# GitHub's limit is 180; the rest is for mints that were tried again.
MINTS_PER_MINUTE: Final = 170
MINUTE: Final = 60.0  # seconds
# A caller has ten seconds in all: a turn that is further away is no use to it.
LONGEST_WAIT: Final = 3.0  # seconds


class Pace:
    """Lets App *who* begin at most *most* mints in any minute, in the order in which they come."""

    def __init__(
        self,
        who: str,
        most: int = MINTS_PER_MINUTE,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._who = who
        self._monotonic = monotonic
        self._sleep = sleep
        # When the last ones began, or will begin: full, its first one says when the next may.
        self._begun: deque[float] = deque(maxlen=most)

    async def turn(self) -> None:
        """Return when a mint may begin; raise `RateLimitedError` at once if that is not soon."""
        now = self._monotonic()
        is_full = len(self._begun) == self._begun.maxlen
        wait = max(0.0, self._begun[0] + MINUTE - now) if is_full else 0.0
        if wait > LONGEST_WAIT:
            raise RateLimitedError(
                f"{self._who} has minted {counted(len(self._begun), 'token')} within a minute,"
                f" which is nearly all that GitHub allows",
                hint="wait; what has been minted is still served",
                # Not all of a burst at the same moment again.
                retry_after=wait * random.uniform(1.0, 1.5),  # noqa: S311 - spreads a herd
            )
        self._begun.append(now + wait)
        if wait:
            await self._sleep(wait)
