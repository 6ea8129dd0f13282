"""A token that is used is renewed before anybody can need it, and a new one rests at first."""

import asyncio

import pytest

from gitlease.model.errors import (
    RateLimitedError,
    RefusedError,
)
from tests.support.mint_stories import ACME, opened, run

pytestmark = pytest.mark.enable_socket


def test_a_token_is_renewed_before_any_caller_can_need_it() -> None:
    """Even one who demands a third of its life finds a rested token in memory, all day."""

    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            await cached.mint(ACME, min_ttl=1200)
            for _ in range(24 * 3600 // 5):
                house.clock.advance(5)
                await cached.renew_due()
                got = await cached.mint(ACME, min_ttl=1200)
                assert got.source == "memory"
                assert house.clock.wall() - got.token.minted_at >= 3
            assert 24 * 1.4 < len(house.mint.minted) < 24 * 1.8

    run(story())


def test_replicas_renew_once_between_them() -> None:
    async def story() -> None:
        async with opened() as house:
            replicas = [house.replica() for _ in range(3)]
            for replica in replicas:
                await replica.mint(ACME, min_ttl=600)
            house.clock.advance(2400)
            await asyncio.gather(*(replica.renew_due() for replica in replicas))
            assert len(house.mint.minted) == 2

    run(story())


def test_what_nobody_asks_for_is_left_to_end() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            await cached.mint(ACME, min_ttl=600)
            for _ in range(1000):
                house.clock.advance(30)
                await cached.renew_due()
            assert len(house.mint.minted) == 2

    run(story())


def test_what_cannot_be_renewed_is_left_to_end_too() -> None:
    """A repository that is gone must not cost requests to GitHub for as long as the broker runs."""

    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            for _ in range(2):
                await cached.mint(ACME, min_ttl=600)
            house.mint.failure = RefusedError("not granted")
            house.clock.advance(3600)
            await cached.renew_due()
            while_it_lived = len(house.mint.asked)
            for _ in range(100):
                house.clock.advance(60)
                await cached.renew_due()
            assert len(house.mint.asked) == while_it_lived
            house.mint.failure = None
            assert (await cached.mint(ACME, min_ttl=600)).source == "mint"

    run(story())


def test_a_renewal_that_fails_is_not_tried_again_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            await cached.mint(ACME, min_ttl=600)
            house.mint.failure = RateLimitedError("wait", retry_after=100.0)
            house.clock.advance(2400)
            for _ in range(19):
                await cached.renew_due()
                house.clock.advance(5)
            assert len(house.mint.asked) == 2
            house.clock.advance(10)
            await cached.renew_due()
            assert len(house.mint.asked) == 3

    run(story())
    assert "could not be renewed" in caplog.text


def test_a_new_token_rests_while_an_older_one_serves() -> None:
    async def story() -> None:
        async with opened() as house:
            cached, other = house.replica(), house.replica()
            old = await cached.mint(ACME, min_ttl=600)
            house.clock.advance(2401)
            await cached.renew_due()
            assert (await cached.mint(ACME, min_ttl=600)).token == old.token
            # An older one that does not last is none that serves.
            new = await cached.mint(ACME, min_ttl=1200)
            assert new.token != old.token
            # Nor has another replica an older one.
            assert (await other.mint(ACME, min_ttl=600)).token == new.token
            house.clock.advance(3)
            assert (await cached.mint(ACME, min_ttl=600)).token == new.token

    run(story())
