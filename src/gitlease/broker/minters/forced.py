"""
The storm guard: a token that was rejected is replaced at once, but only so often.

A workspace whose clock, proxy or server is broken rejects every token that it gets; without the
guard each of its commands would cost the fleet a mint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlease.broker.minters.bounded import Bounded
from gitlease.model.errors import RateLimitedError
from gitlease.model.tokens import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.broker.minters.token_store import TokenStore

PAUSE: Final = 30.0  # seconds between two forced mints of one key
MOST: Final = 10_000  # keys


class ForcedMints:
    """Knows which keys' next mint replaces a rejected token, and when the last such mint was."""

    def __init__(
        self, tokens: TokenStore, now: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._tokens = tokens
        self._now = now
        self._monotonic = monotonic
        self._expected: Bounded[str, bool] = Bounded(MOST)
        self._last: Bounded[str, float] = Bounded(MOST)

    def expect(self, key: str) -> None:
        """Count the next mint of *key* as forced."""
        self._expected.put(key, True)

    def replaced(self, key: str) -> None:
        """Count the next mint of *key* as forced no more."""
        self._expected.drop(key)

    def check_here(self, key: str) -> None:
        """Raise `RateLimitedError` if a forced mint of *key* by this process is too recent."""
        if self._expected.get(key):
            last = self._last.get(key)
            wait = 0.0 if last is None else last + PAUSE - self._monotonic()
            if wait > 0:
                raise _too_soon(wait)

    async def check(self, key: str) -> None:
        """Do as `check_here`, for the forced mints of every replica."""
        self.check_here(key)
        if self._expected.get(key) and await self._tokens.is_rejected(_mark(key)):
            raise _too_soon(PAUSE)

    async def is_recent(self, key: str) -> bool:
        """Tell whether a forced mint of *key*, by any replica, keeps another one away now."""
        last = self._last.get(key)
        if last is not None and self._monotonic() < last + PAUSE:
            return True
        return await self._tokens.is_rejected(_mark(key))

    async def minted(self, key: str) -> None:
        """Note that *key* has been minted; call it while no other replica may mint it."""
        if self._expected.get(key):
            self._expected.drop(key)
            self._last.put(key, self._monotonic())
            await self._tokens.remember_rejected(_mark(key), self._now() + PAUSE)


def _mark(key: str) -> str:
    # Stands among the rejected fingerprints: it ends by itself there and every replica sees it.
    return fingerprint(f"forced mint of {key}")


def _too_soon(wait: float) -> RateLimitedError:
    return RateLimitedError(
        "tokens of this scope were rejected twice in a short time",
        hint="run `gitlease status` in the workspace that rejects them: clock, proxy, repository",
        retry_after=max(1.0, min(wait, PAUSE)),
    )
