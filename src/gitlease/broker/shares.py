"""
Whose mints they are: no workspace takes what GitHub lets an App mint from the others.

An App may mint so many tokens a minute for all of a fleet (`pace.py`).  Up to half of them whoever
comes first may have; of the other half one workspace has an eighth of the whole at most, so that
those who ask for little find some left.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from gitlease.broker.errors import ShareError

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE: Final = 60.0  # seconds


class Shares:
    """Counts mints by workspace; *most* is what an App may begin in a minute, in this process."""

    def __init__(self, most: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._free = max(1, most // 2)
        self._own = max(1, most // 8)
        self._monotonic = monotonic
        self._begun: deque[tuple[float, str]] = deque()
        self._of: Counter[str] = Counter()

    def take(self, workspace_id: str | None) -> None:
        """
        Count a mint for *workspace_id*; raise `ShareError` if it has had its share.

        None is the broker itself, or the operator: they ask for little.
        """
        if workspace_id is None:
            return
        now = self._monotonic()
        while self._begun and self._begun[0][0] <= now - MINUTE:
            self._count(self._begun.popleft()[1], -1)
        if len(self._begun) >= self._free and self._of[workspace_id] >= self._own:
            mine = next(at for at, one in self._begun if one == workspace_id)
            refused = ShareError(
                f"workspace {workspace_id} asks for too many new tokens at once",
                retry_after=mine + MINUTE - now,
            )
            refused.whose = workspace_id
            raise refused
        self._begun.append((now, workspace_id))
        self._count(workspace_id, 1)

    def _count(self, workspace_id: str, more: int) -> None:
        self._of[workspace_id] += more
        if not self._of[workspace_id]:
            del self._of[workspace_id]
