"""
How much GitHub still lets us ask, read from its replies.

Source: GitHub docs, "Rate limits for the REST API" and "Best practices for using the REST API".
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.github.times import retry_after, server_time
from gitlease.model.errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlease.model.exchange import Response

LONGEST_WAIT: Final = 3600.0  # seconds; a primary window is an hour
SHORTEST_WAIT: Final = 1.0  # seconds; `Retry-After: 0` is no leave to hammer


@dataclass(frozen=True, slots=True)
class Budget:
    """The requests of one window: allowed in all, left, and when it begins anew (GitHub's time)."""

    limit: int
    remaining: int
    resets_at: float


def read(headers: Mapping[str, str]) -> Budget | None:
    """Return the budget that *headers* (lower-case names) tell of, or None."""
    numbers = [headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
    if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in numbers):
        return None
    limit, remaining, reset = map(int, numbers)
    return Budget(limit, remaining, float(reset))


def wait(response: Response) -> float:
    """
    Return for how many seconds a limiting *response* asks us to be quiet.

    `Retry-After` if it is there, otherwise the end of a window that is used up, otherwise a
    minute.
    """
    seconds = retry_after(response.headers)
    budget, theirs = read(response.headers), server_time(response.headers)
    if seconds is None and budget and budget.remaining == 0 and theirs is not None:
        seconds = budget.resets_at - theirs + 1
    return min(max(60.0 if seconds is None else seconds, SHORTEST_WAIT), LONGEST_WAIT)


class Patience:
    """Keeps one App quiet for as long as GitHub asked; who goes on is banned (GitHub docs)."""

    def __init__(self, who: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._who = who
        self._monotonic = monotonic
        self._until = 0.0

    @property
    def left(self) -> float:
        """Seconds until we may ask again; 0 if we may."""
        return max(0.0, self._until - self._monotonic())

    def obey(self, seconds: float) -> None:
        """Be quiet for *seconds* from now, or longer if that was asked before."""
        self._until = max(self._until, self._monotonic() + seconds)

    def check(self) -> None:
        """Raise `RateLimitedError` while we are to be quiet."""
        if left := self.left:
            raise RateLimitedError(
                f"GitHub has limited {self._who}, which is quiet for {left:.0f} s",
                hint="wait; what has been minted is still served",
                retry_after=left,
            )
