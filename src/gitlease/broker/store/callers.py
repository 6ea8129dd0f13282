"""
Who owns a bearer, remembered for a moment.

A busy workspace asks many times a second, and the answer is the same.  The memory is so short
that a revoked bearer is dead within a second even where no message arrives.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.broker.store.invalidations import Message
    from gitlease.model.grants import Grant

AGE: Final = 0.5  # seconds
_MOST: Final = 10_000  # callers


@dataclass(frozen=True, slots=True)
class CallerRow:
    """The workspace and the bearer by which it calls, and its grants at that moment."""

    workspace_id: str
    token_id: str
    grants: tuple[Grant, ...]


class Callers:
    """Callers by the digest of their bearer."""

    def __init__(self, *, age: float = AGE, clock: Callable[[], float] = time.monotonic) -> None:
        self._rows: dict[bytes, tuple[float, CallerRow]] = {}
        self._age = age
        self._clock = clock
        self.epoch = 0

    def get(self, digest: bytes) -> CallerRow | None:
        """Return who is remembered under *digest*, if that is young enough."""
        found = self._rows.get(digest)
        return found[1] if found and self._clock() - found[0] < self._age else None

    def put(self, digest: bytes, row: CallerRow, *, asked: float, epoch: int) -> None:
        """
        Remember *row*, which was read at *asked* (this clock) or later.

        Unless something was forgotten since *epoch*: what was read before a revocation must not
        come back after it.
        """
        if epoch == self.epoch:
            if len(self._rows) >= _MOST:
                self._rows.clear()
            self._rows[digest] = (asked, row)

    def time(self) -> float:
        """Read the clock that `put` takes."""
        return self._clock()

    def forget(self, message: Message) -> None:
        """Forget whomever *message* is about."""
        if message["kind"] == "token":
            return
        self.epoch += 1
        of = message.get("workspace_id")
        if of is not None:
            gone = [digest for digest, (_, row) in self._rows.items() if row.workspace_id == of]
            for digest in gone:
                del self._rows[digest]
        else:
            self._rows.clear()
