"""
Hand out what was minted already: from memory, then from the store, and only then mint.

Authorisation never sits here: whoever asks has been allowed the scope.  The key is the set-up
(API base, Apps) and the scope, for the two decide on App and installation; looking the
installation up first would leave nothing to serve when GitHub is away.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Final

from gitlease.broker.errors import ShareError
from gitlease.broker.minters.doubts import Doubts
from gitlease.broker.minters.flights import Flights
from gitlease.broker.minters.forced import ForcedMints
from gitlease.broker.minters.memory import MOST_KEYS, Held, Memory
from gitlease.broker.minters.minted import Minted
from gitlease.broker.minters.rejections import Rejections
from gitlease.broker.minters.warmth import Warmth
from gitlease.model.errors import (
    GitleaseError,
    KeyFileError,
    RateLimitedError,
    UnauthorizedError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from gitlease.broker.minters.minted import Minter, Origin, Rejection
    from gitlease.broker.minters.token_store import SingleFlight, TokenStore
    from gitlease.broker.shares import Shares
    from gitlease.model.scopes import Scope

log = logging.getLogger(__name__)

# Within a workspace's ten seconds, and above the minter's eight.
LIMIT: Final = 9.0  # seconds
# Each refill may hold a connection to the database while GitHub answers.
AT_ONCE: Final = 16  # refills
LAST_LOOK: Final = 0.5  # seconds; the rest of a workspace's ten
ROUNDS: Final = 3  # others' work may bring a token that is too short for this caller
# GitHub said nothing about the scope; every other error is its answer, and is passed on.
_NO_ANSWER: Final = (UnreachableError, RateLimitedError, UnauthorizedError, KeyFileError)


class Cached:
    """
    A minter around *inner* that mints once for all who want the same.

    *tokens* and *single_flight* are the store's; *now* is the wall clock in seconds, *monotonic*
    one that nobody sets; *shares* says who has minted enough.  `close()` it, or use it as an async
    context.
    """

    def __init__(
        self,
        inner: Minter,
        tokens: TokenStore,
        single_flight: SingleFlight,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        limit: float = LIMIT,
        most_keys: int = MOST_KEYS,
        shares: Shares | None = None,
    ) -> None:
        self.realm = inner.realm
        self._inner = inner
        self._tokens = tokens
        self._single_flight = single_flight
        self._now = now
        self._monotonic = monotonic
        self._limit = limit
        self._shares = shares
        self._memory = Memory(now, monotonic, most_keys)
        self._flights: Flights[Held] = Flights()
        self._forced = ForcedMints(tokens, now, monotonic)
        self._refills = asyncio.Semaphore(AT_ONCE)
        self._warmth = Warmth(self._memory, self._renew, monotonic)
        doubts = Doubts(inner, self._memory, tokens, self._forced, monotonic)
        self._rejections = Rejections(
            self._memory, tokens, self._forced, doubts, now=now, monotonic=monotonic
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all background work; who waits for a token hears `UnreachableError`."""
        await self._warmth.close()
        await self._flights.close()

    def __len__(self) -> int:
        return len(self._memory)

    def key(self, scope: Scope) -> str:
        """Return the key under which tokens of *scope* are kept."""
        # A digest, because 500 names make a scope too long for PostgreSQL's index.
        return hashlib.sha256(f"{self.realm}|{scope.key}".encode()).hexdigest()

    async def mint(self, scope: Scope, *, min_ttl: float, whose: str | None = None) -> Minted:
        """
        See `Minter`; the token may be an older one, and never one that was rejected.

        A mint counts for the workspace *whose* request it was that began it.

        While GitHub gives none, one that lives for less than *min_ttl* is better than none.

        Raises what the inner minter raised for the work that this caller waited for, and
        `RateLimitedError` where rejected tokens have been replaced too often.
        """
        key = self.key(scope)
        held = self._memory.choose(key, min_ttl)
        if held is not None:
            return _minted(held, "memory")
        try:
            held = await self._fetch(key, scope, min_ttl, whose)
        except _NO_ANSWER:
            if last := self._memory.choose(key, 0.0):
                return _minted(last, "memory")
            stored = await self._last_in_store(key, scope)
            if stored is None:
                raise
            held = stored
        return _minted(held, held.origin)

    def ready(self, scope: Scope, *, min_ttl: float) -> Minted | None:
        """Return what `mint` would return from memory, or None where it would have to wait."""
        held = self._memory.choose(self.key(scope), min_ttl)
        return None if held is None else _minted(held, "memory")

    async def renew_due(self) -> None:
        """Renew what is used and near its end; runs by itself every few seconds."""
        await self._warmth.renew_due()

    async def reject(self, fingerprint: str) -> Rejection:
        """
        Never hand out the token with *fingerprint* again, on any replica.

        A second one of its scope within the storm guard's pause is asked of GitHub first: whoever
        rejects whatever he gets must not take it from the others.  Let a workspace reject only
        what was leased to it.
        """
        return await self._rejections.reject(fingerprint)

    def forget(self, fingerprint: str) -> bool:
        """Do the same in this process alone: another replica has told of a rejection."""
        return self._rejections.forget(fingerprint)

    def hear(self, message: Mapping[str, str]) -> None:
        """
        Act on what another replica says through the store.

        ``{"kind": "token", "fingerprint": …}`` was dropped there; ``{"kind": "reset"}``: messages
        were missed, so the store is asked again for everything.
        """
        match message.get("kind"):
            case "token":
                self.forget(message.get("fingerprint", ""))
            case "reset":
                self._memory.clear()

    async def revoke(self, minted: Minted) -> None:
        """
        See `Minter`; no replica hands it out any more.

        Raises the `SourceError` of GitHub's refusal; it is forgotten all the same.
        """
        await self._rejections.end(minted.token.fingerprint)
        await self._inner.revoke(minted)

    async def takes(self, minted: Minted) -> bool:
        """See `Minter`."""
        return await self._inner.takes(minted)

    async def _fetch(self, key: str, scope: Scope, min_ttl: float, whose: str | None) -> Held:
        """Wait for the one piece of work that brings *key* a token."""

        def enough(held: Held) -> bool:
            return self._memory.usable(held, min_ttl)

        try:
            # The work has the same limit; this one is for who joins it again and again.
            async with asyncio.timeout(self._limit + 0.5):
                for left in reversed(range(ROUNDS)):
                    try:
                        held = await self._flights.join(
                            key, lambda: self._refill(key, scope, enough, whose)
                        )
                    except ShareError as error:
                        # It was somebody else's share, and whoever asks for himself has his own.
                        if error.whose == whose or not left:
                            raise
                        continue
                    self._memory.touch(key)
                    if enough(held):
                        return held
        except TimeoutError:
            pass
        raise _too_late(scope, self._limit)

    async def _renew(self, key: str, scope: Scope, enough: Callable[[Held], bool]) -> None:
        await self._flights.join(key, lambda: self._refill(key, scope, enough))

    async def _refill(
        self, key: str, scope: Scope, enough: Callable[[Held], bool], whose: str | None = None
    ) -> Held:
        """Bring a token that is *enough* from the store, or mint one; hold it in memory."""
        self._warmth.begin()
        try:
            async with asyncio.timeout(self._limit) as limit, self._refills:
                held = await self._from_store(key, scope, enough)
                if held is None:
                    self._forced.check_here(key)
                    async with self._single_flight(key):
                        # Look again: another replica may have minted it meanwhile.
                        held = await self._from_store(key, scope, enough)
                        held = held or await self._mint(key, scope, whose)
                return held
        except TimeoutError:
            if not limit.expired():
                raise
        raise _too_late(scope, self._limit)

    async def _from_store(
        self, key: str, scope: Scope, enough: Callable[[Held], bool]
    ) -> Held | None:
        row = await self._tokens.get(key)
        if row is None:
            return None
        held = self._memory.weigh(row.token, row.app, row.installation, "store")
        if not enough(held) or await self._tokens.is_rejected(held.fingerprint):
            return None
        if not enough(held):
            # Rejected since the store was asked: the message has come, and does not come again.
            return None
        self._memory.put(key, scope, held)
        # Another replica has replaced what was rejected.
        self._forced.replaced(key)
        return held

    async def _last_in_store(self, key: str, scope: Scope) -> Held | None:
        """Return what the store has that lives at all, if it says so soon: somebody waits."""
        with contextlib.suppress(GitleaseError, TimeoutError):
            async with asyncio.timeout(LAST_LOOK):
                return await self._from_store(key, scope, lambda held: self._memory.usable(held, 0))
        return None

    async def _mint(self, key: str, scope: Scope, whose: str | None) -> Held:
        await self._forced.check(key)
        if self._shares is not None:
            self._shares.take(whose)
        minted = await self._inner.mint(scope, min_ttl=0.0)
        held = self._memory.weigh(minted.token, minted.app, minted.installation, "mint")
        if not self._memory.lasts(held, 0.0):
            raise UnreachableError(
                f"GitHub's token for {scope} was over when it came",
                hint="check this machine's clock and GITLEASE_API_URL",
            )
        self._memory.put(key, scope, held)
        try:
            await self._forced.minted(key)
            await self._tokens.put(key, held.token, scope, held.app, held.installation)
        except Exception as error:  # noqa: BLE001 - whatever the store raises
            # It cannot be shared, but it serves: to take it away would only cost another mint.
            log.warning("a token for %s could not be stored: %s", scope, type(error).__name__)
        return held


def _minted(held: Held, source: Origin) -> Minted:
    return Minted(held.token, held.app, held.installation, source)


def _too_late(scope: Scope, limit: float) -> UnreachableError:
    return UnreachableError(
        f"no token for {scope} came within {limit:.0f} s", hint="try again", retry_after=1.0
    )
