"""
What `Cached` needs of a store of tokens, and a store in memory for a single process.

A key is one short line of text; a fingerprint is that of `gitlease.model.tokens`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from gitlease.model.scopes import Scope
    from gitlease.model.tokens import Token


class KeptToken(Protocol):
    """A token as a store gives it back."""

    @property
    def token(self) -> Token:
        """The token with all its times."""

    @property
    def app(self) -> str:
        """The App that minted it."""

    @property
    def installation(self) -> int:
        """The installation it is for."""


class TokenStore(Protocol):
    """Tokens shared by every process of one broker."""

    async def get(self, key: str) -> KeptToken | None:
        """Return what is kept under *key*, or None; it may be over."""

    async def put(self, key: str, token: Token, scope: Scope, app: str, installation: int) -> None:
        """Keep *token* under *key* in place of what was there."""

    async def find(self, fingerprint: str) -> tuple[str, KeptToken] | None:
        """Return the token with *fingerprint* and its key, or None."""

    async def drop_fingerprint(self, fingerprint: str) -> list[str]:
        """Remove the token with *fingerprint* and tell the other replicas; return its keys."""

    async def remember_rejected(self, fingerprint: str, until: float) -> None:
        """Let `is_rejected` be true for *fingerprint* until then (seconds of the wall clock)."""

    async def is_rejected(self, fingerprint: str) -> bool:
        """Tell whether *fingerprint* was remembered as rejected."""


class SingleFlight(Protocol):
    """Gives one holder at a time, among all replicas, the right to mint for a key."""

    def __call__(self, key: str) -> AbstractAsyncContextManager[object]:
        """Wait for the right, hold it within the context."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A token in a `MemoryStore`."""

    token: Token
    app: str
    installation: int


class MemoryStore:
    """A store that ends with its process; several `Cached` may share it as replicas do."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self.rows: dict[str, Kept] = {}
        self._rejected: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._now = now

    async def get(self, key: str) -> Kept | None:
        """See `TokenStore`."""
        return self.rows.get(key)

    async def put(self, key: str, token: Token, scope: Scope, app: str, installation: int) -> None:
        """See `TokenStore`."""
        del scope
        self.rows[key] = Kept(token, app, installation)

    async def find(self, fingerprint: str) -> tuple[str, Kept] | None:
        """See `TokenStore`."""
        for key, row in self.rows.items():
            if row.token.fingerprint == fingerprint:
                return key, row
        return None

    async def drop_fingerprint(self, fingerprint: str) -> list[str]:
        """See `TokenStore`."""
        keys = [key for key, row in self.rows.items() if row.token.fingerprint == fingerprint]
        for key in keys:
            del self.rows[key]
        return keys

    async def remember_rejected(self, fingerprint: str, until: float) -> None:
        """See `TokenStore`."""
        self._rejected[fingerprint] = until

    async def is_rejected(self, fingerprint: str) -> bool:
        """See `TokenStore`."""
        return self._rejected.get(fingerprint, 0.0) > self._now()

    @contextlib.asynccontextmanager
    async def single_flight(self, key: str) -> AsyncIterator[None]:
        """See `SingleFlight`."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield
