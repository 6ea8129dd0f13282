"""
Renew in the background what is used and near its end, so that callers hardly ever wait.

What nobody asked for since it was renewed is left to end: a workspace that is gone costs one mint.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
import zlib
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gitlease.broker.minters.memory import Held, Memory, Slot
    from gitlease.model.scopes import Scope

    # Brings a key a token that is enough; raises if it cannot.
    Renew = Callable[[str, Scope, Callable[[Held], bool]], Awaitable[None]]

log = logging.getLogger(__name__)

TICK: Final = 5.0  # seconds between two looks
AT_ONCE: Final = 8  # renewals; half of the refills stay free for callers
PAUSE: Final = 30.0  # seconds after a failure
# A caller may demand a third of a token's life (`fair_min_ttl`), so renewal starts before that:
# by a sixtieth, and up to a thirtieth more so that what was minted together is not renewed so.
AHEAD: Final = 1 / 3 + 1 / 60
SPREAD: Final = 1 / 30


class Warmth:
    """Looks over *memory* every few seconds and lets *renew* renew what is due."""

    def __init__(
        self, memory: Memory, renew: Renew, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._memory = memory
        self._renew = renew
        self._monotonic = monotonic
        self._places = asyncio.Semaphore(AT_ONCE)
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def begin(self) -> None:
        """Look from now on, if that has not begun."""
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._forever())

    async def close(self) -> None:
        """Look no more."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def renew_due(self) -> None:
        """Renew all that is due now, and return when that is done; failures are logged."""
        due = [(key, slot) for key, slot in self._memory.slots() if self._is_due(key, slot)]
        await asyncio.gather(*(self._one(key, slot) for key, slot in due))

    async def _forever(self) -> None:
        while True:
            await asyncio.sleep(TICK * random.uniform(0.8, 1.2))  # noqa: S311 - replicas out of step
            await self.renew_due()

    def _is_due(self, key: str, slot: Slot) -> bool:
        return (
            slot.used
            and bool(slot.held)
            and slot.patient_until <= self._monotonic()
            # One that is over is nobody's: whoever asks has it minted, and a scope that GitHub
            # refuses for good would be asked for as long as this process lives.
            and self._memory.lasts(slot.held[-1], 0.0)
            and not self._is_fresh(key, slot.held[-1])
        )

    def _is_fresh(self, key: str, held: Held) -> bool:
        # One key has one moment, on every replica: the first that comes mints for all.
        spread = zlib.crc32(key.encode()) / 2**32 * SPREAD
        left = self._memory.left(held)
        return left > held.token.lifetime * (AHEAD + spread) and self._memory.usable(held, 0.0)

    async def _one(self, key: str, slot: Slot) -> None:
        async with self._places:
            try:
                await self._renew(key, slot.scope, lambda held: self._is_fresh(key, held))
            except Exception as error:  # noqa: BLE001 - no failure may end the loop
                pause = PAUSE * random.uniform(1.0, 1.5)  # noqa: S311 - spreads the next try
                pause = max(pause, getattr(error, "retry_after", None) or 0.0)
                slot.patient_until = self._monotonic() + pause
                ours = isinstance(error, GitleaseError)
                told = printable(str(error)) if ours else type(error).__name__
                log.warning("the token for %s could not be renewed: %s", slot.scope, told)
