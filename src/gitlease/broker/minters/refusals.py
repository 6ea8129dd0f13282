"""
Remember GitHub's no for a moment, so that who asks again and again costs nobody else a request.

For a moment only: somebody may be granting just that right now.
"""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from gitlease.broker.minters.bounded import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.model.errors import SourceError

REMEMBERED: Final = 5.0  # seconds
MOST: Final = 10_000  # questions

K = TypeVar("K")


class Refusals(Generic[K]):
    """The last refusals by what was asked for; *monotonic* is a clock that nobody sets."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._said: Bounded[K, tuple[SourceError, float]] = Bounded(MOST)

    def remember(self, asked: K, error: SourceError) -> None:
        """Let `check` raise *error* for *asked* for a while, and let it say for how long."""
        if error.retry_after is None:
            error.retry_after = REMEMBERED
        # A copy: what is raised gathers a traceback, and with it whatever that holds.
        self._said.put(asked, (copy.copy(error), self._monotonic() + REMEMBERED))

    def check(self, asked: K) -> None:
        """Raise what was said to *asked* a moment ago, if anything was."""
        if (said := self._said.get(asked)) and self._monotonic() < said[1]:
            raise copy.copy(said[0])
