"""What a story about tokens in memory begins and ends with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from gitlease.broker.minters import Cached
from gitlease.model.scopes import Scope
from tests.support.minting import House

ACME = Scope.of("acme")


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[House]:
    house, before = House(), asyncio.all_tasks()
    try:
        yield house
    finally:
        await house.close()
        assert asyncio.all_tasks() == before


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 60))


async def ended_early(house: House, cached: Cached) -> None:
    """Let the token that *cached* gives be dead at GitHub, and rejected."""
    fingerprint = (await cached.mint(ACME, min_ttl=600)).token.fingerprint
    house.mint.dead.add(fingerprint)
    await cached.reject(fingerprint)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
