"""
Whether a rejection is believed.

The first one of a scope is, at once: a token that died early must not be waited for.  A workspace
whose clock, proxy or server is broken rejects whatever it gets, though, and its neighbours live by
the same token; so the next one, within the storm guard's pause, is asked of GitHub.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from gitlease.broker.minters.bounded import Bounded
from gitlease.broker.minters.forced import PAUSE
from gitlease.broker.minters.minted import Minted
from gitlease.model.errors import GitleaseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.broker.minters.forced import ForcedMints
    from gitlease.broker.minters.memory import Memory
    from gitlease.broker.minters.minted import Minter
    from gitlease.broker.minters.token_store import TokenStore

# A workspace that reports a rejection waits for little more.
LIMIT: Final = 2.0  # seconds
MOST: Final = 10_000  # tokens


class Doubts:
    """Asks *inner*'s GitHub about a token that is held in *memory* or in *tokens*."""

    def __init__(
        self,
        inner: Minter,
        memory: Memory,
        tokens: TokenStore,
        forced: ForcedMints,
        monotonic: Callable[[], float],
    ) -> None:
        self._inner = inner
        self._memory = memory
        self._tokens = tokens
        self._forced = forced
        self._monotonic = monotonic
        self._taken: Bounded[str, float] = Bounded(MOST)

    async def keeps(self, fingerprint: str) -> bool:
        """Tell whether the token with *fingerprint* is to stay although it was rejected."""
        asked = self._taken.get(fingerprint)
        if asked is not None and self._monotonic() < asked + PAUSE:
            return True
        found = self._memory.find(fingerprint) or await self._tokens.find(fingerprint)
        if found is None:
            return False
        key, held = found
        if not await self._forced.is_recent(key):
            return False
        # Where GitHub does not say, it would give no other token either.
        with contextlib.suppress(GitleaseError, TimeoutError):
            async with asyncio.timeout(LIMIT):
                if not await self._inner.takes(Minted(held.token, held.app, held.installation)):
                    return False
        self._taken.put(fingerprint, self._monotonic())
        return True
