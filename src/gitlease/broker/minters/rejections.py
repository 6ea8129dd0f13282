"""
Take a token away for good: from memory, from the store, and from every replica.

What is dropped is remembered until it is dead anyway, so that no row that was read before and no
message that comes late can bring it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlease.broker.minters.bounded import Bounded
from gitlease.broker.minters.memory import MOST_REJECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.broker.minters.doubts import Doubts
    from gitlease.broker.minters.forced import ForcedMints
    from gitlease.broker.minters.memory import Memory
    from gitlease.broker.minters.minted import Rejection
    from gitlease.broker.minters.token_store import TokenStore

LONGEST_LIFE: Final = 3600.0  # seconds; after it a rejected token is dead anyway


class Rejections:
    """Drops tokens from *memory* and *tokens*; *forced* learns which keys need another one."""

    def __init__(
        self,
        memory: Memory,
        tokens: TokenStore,
        forced: ForcedMints,
        doubts: Doubts,
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._memory = memory
        self._tokens = tokens
        self._forced = forced
        self._doubts = doubts
        self._now = now
        self._monotonic = monotonic
        # Whoever says so again and again costs no write.
        self._gone: Bounded[str, bool] = Bounded(MOST_REJECTED)

    async def reject(self, fingerprint: str) -> Rejection:
        """See `Cached.reject`."""
        if self._gone.get(fingerprint):
            return "not held any more"
        if await self._doubts.keeps(fingerprint):
            return "GitHub takes it"
        here = self.forget(fingerprint)
        keys = await self._drop(fingerprint)
        for key in keys:
            self._forced.expect(key)
        self._gone.put(fingerprint, True)
        return "dropped" if here or keys else "not held any more"

    def forget(self, fingerprint: str) -> bool:
        """Drop it in this process alone; tell whether it was held, and is to be replaced."""
        key = self._memory.reject(fingerprint, self._monotonic() + LONGEST_LIFE)
        if key is not None:
            self._forced.expect(key)
        return key is not None

    async def end(self, fingerprint: str) -> None:
        """Drop it everywhere, without a doubt and without need of another one."""
        self._memory.reject(fingerprint, self._monotonic() + LONGEST_LIFE)
        await self._drop(fingerprint)

    async def _drop(self, fingerprint: str) -> list[str]:
        # Remembered first: who reads the row before it is dropped must see the mark after it.
        await self._tokens.remember_rejected(fingerprint, self._now() + LONGEST_LIFE)
        return await self._tokens.drop_fingerprint(fingerprint)
