"""
How many refusals of one workspace go on record.

A workspace that asks for what it may not have asks in a loop sooner or later, and nobody but the
operator removes a record.  The first ones of a minute tell all that there is to know; the rest is
a number.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE: Final = 60.0  # seconds
# A job that checks out many repositories may be refused each of them, and each is of interest.
MOST: Final = 60  # records a minute
_MOST_WORKSPACES: Final = 10_000


@dataclass(slots=True)
class _Minute:
    """What one workspace was refused since *began*."""

    began: float
    count: int = 0


class Refusals:
    """Counts refusals by workspace, in this process."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._of: dict[str, _Minute] = {}

    def take(self, workspace_id: str) -> int | None:
        """
        Count one more; return None if it is not to be written down.

        Else return how many were not, which the record of this one is to say.
        """
        now = self._monotonic()
        if workspace_id not in self._of and len(self._of) >= _MOST_WORKSPACES:
            self._of.clear()
        minute = self._of.setdefault(workspace_id, _Minute(now))
        left_out = 0
        if now >= minute.began + MINUTE:
            left_out = max(0, minute.count - MOST)
            minute.began, minute.count = now, 0
        minute.count += 1
        return left_out if minute.count <= MOST else None
