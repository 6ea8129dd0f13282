"""A workspace that rejects whatever it gets takes nothing from those who live by the same token."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gitlease.broker.minters import Cached
from gitlease.broker.minters.forced import PAUSE
from gitlease.model.errors import RateLimitedError, UnreachableError
from gitlease.model.scopes import Scope
from tests.support.minting import House

pytestmark = pytest.mark.enable_socket

ACME = Scope.of("acme")
Story = Callable[[House, Cached, Cached], Awaitable[None]]


@asynccontextmanager
async def opened() -> AsyncIterator[House]:
    house = House()
    try:
        yield house
    finally:
        await house.close()


def run(story: Story) -> None:
    """Let *story* go on after a first token was rejected, and replaced at once."""

    async def whole() -> None:
        async with opened() as house:
            one, two = house.replica(), house.replica()
            first = await one.mint(ACME, min_ttl=600)
            assert await one.reject(first.token.fingerprint) == "dropped"
            assert (await one.mint(ACME, min_ttl=600)).token != first.token
            await story(house, one, two)

    asyncio.run(asyncio.wait_for(whole(), 60))


@pytest.mark.parametrize("place", ["held there", "only in the store"])
def test_a_new_token_that_github_takes_stays_for_the_others(place: str) -> None:
    """Also on a replica that has not heard of it yet."""

    async def story(house: House, one: Cached, two: Cached) -> None:
        replica = one if place == "held there" else two
        second = (await one.mint(ACME, min_ttl=600)).token
        for _ in range(20):
            assert await replica.reject(second.fingerprint) == "GitHub takes it"
            assert (await one.mint(ACME, min_ttl=600)).token == second
        # It costs GitHub one question, however often it is said.
        assert house.mint.looks == [second.fingerprint]
        house.clock.advance(PAUSE + 1)
        assert await replica.reject(second.fingerprint) == "dropped"
        one.hear({"kind": "token", "fingerprint": second.fingerprint})
        assert (await one.mint(ACME, min_ttl=600)).token != second

    run(story)


def test_a_new_token_that_is_dead_too_goes() -> None:
    async def story(house: House, one: Cached, two: Cached) -> None:
        del two
        second = (await one.mint(ACME, min_ttl=600)).token
        house.mint.dead.add(second.fingerprint)
        assert await one.reject(second.fingerprint) == "dropped"
        with pytest.raises(RateLimitedError):
            await one.mint(ACME, min_ttl=600)

    run(story)


def test_where_github_does_not_say_nothing_is_taken_away() -> None:
    async def story(house: House, one: Cached, two: Cached) -> None:
        del two
        second = (await one.mint(ACME, min_ttl=600)).token
        house.mint.failure = UnreachableError("GitHub is away")
        assert await one.reject(second.fingerprint) == "GitHub takes it"
        assert (await one.mint(ACME, min_ttl=600)).token == second

    run(story)


def test_a_rejection_that_is_said_again_is_not_written_again() -> None:
    async def story(house: House, one: Cached, two: Cached) -> None:
        del two
        first = house.mint.minted[0].fingerprint

        async def fail(*_: object) -> None:
            raise AssertionError("a write")

        house.store.remember_rejected = fail  # type: ignore[assignment,method-assign]
        house.store.drop_fingerprint = fail  # type: ignore[assignment,method-assign]
        assert await one.reject(first) == "not held any more"

    run(story)
