"""A minter and a clock that tests move: what stands under the cache of tokens."""

import asyncio
from dataclasses import dataclass, field

from gitlease.broker.minters import Cached, MemoryStore, Minted
from gitlease.broker.shares import Shares
from gitlease.model.errors import SourceError
from gitlease.model.scopes import Scope
from gitlease.model.tokens import Secret, Token

NOON = 1_800_000_000.0


@dataclass
class Clock:
    """Both clocks of a machine at once; a test may set the wall clock alone."""

    at: float = NOON
    wall_offset: float = 0.0

    def wall(self) -> float:
        """Read the wall clock."""
        return self.at + self.wall_offset

    def monotonic(self) -> float:
        """Read the clock that nobody sets."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.at += seconds


@dataclass
class Mint:
    """
    Mints tokens that live *life* seconds; counts, fails and waits as a test says.

    It keeps every rule of a minter: a token is new each time, and of the scope asked for.
    """

    clock: Clock
    life: float = 3600.0
    failure: SourceError | None = None
    gate: asyncio.Event | None = None
    realm: str = "app 1"
    asked: list[Scope] = field(default_factory=list)
    minted: list[Token] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    looks: list[str] = field(default_factory=list)

    async def mint(self, scope: Scope, *, min_ttl: float) -> Minted:
        """Mint, when the gate is open."""
        del min_ttl
        self.asked.append(scope)
        if self.gate is not None:
            await self.gate.wait()
        else:
            await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        now = self.clock.wall()
        text = f"ghs_canary{len(self.minted):04}"
        token = Token(Secret(text), now + self.life, now, lifetime=self.life, source="test")
        self.minted.append(token)
        return Minted(token, "1", 7)

    async def revoke(self, minted: Minted) -> None:
        """Note it."""
        self.revoked.append(minted.token.fingerprint)

    async def takes(self, minted: Minted) -> bool:
        """Tell whether the token is one of the living, or fail."""
        self.looks.append(minted.token.fingerprint)
        if self.failure is not None:
            raise self.failure
        return minted.token.fingerprint not in self.dead


@dataclass
class House:
    """A clock, a mint, a store, and replicas that share them."""

    clock: Clock = field(default_factory=Clock)
    mint: Mint = field(init=False)
    store: MemoryStore = field(init=False)
    replicas: list[Cached] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mint = Mint(self.clock)
        self.store = MemoryStore(now=self.clock.wall)

    def replica(
        self, *, limit: float = 9.0, most_keys: int = 10_000, shares: Shares | None = None
    ) -> Cached:
        """Start one more process of the broker; call it inside the event loop."""
        made = Cached(
            self.mint,
            self.store,
            self.store.single_flight,
            now=self.clock.wall,
            monotonic=self.clock.monotonic,
            limit=limit,
            most_keys=most_keys,
            shares=shares,
        )
        self.replicas.append(made)
        return made

    async def close(self) -> None:
        """End every replica."""
        for one in self.replicas:
            await one.close()
