"""Clocks that are set, mints that hang and stores that fail take no token away and revive none."""

import asyncio
from typing import Any

import pytest

from gitlease.model.errors import (
    RateLimitedError,
    UnreachableError,
)
from tests.support.mint_stories import ACME, ended_early, opened, run, settle

pytestmark = pytest.mark.enable_socket


def test_a_wall_clock_that_is_set_back_revives_nothing() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            old = await cached.mint(ACME, min_ttl=600)
            house.clock.advance(3601)
            house.clock.wall_offset = -7200
            house.store.rows.clear()
            assert (await cached.mint(ACME, min_ttl=600)).token != old.token

    run(story())


def test_a_token_that_is_over_when_it_comes_is_an_error() -> None:
    async def story() -> None:
        async with opened() as house:
            house.mint.life = -5.0
            with pytest.raises(UnreachableError, match="over when it came"):
                await house.replica().mint(ACME, min_ttl=600)
            assert house.store.rows == {}

    run(story())


def test_a_mint_that_hangs_is_given_up_within_the_limit() -> None:
    async def story() -> None:
        async with opened() as house:
            house.mint.gate = asyncio.Event()
            cached = house.replica(limit=0.2)
            started = asyncio.get_running_loop().time()
            with pytest.raises(UnreachableError, match="acme came within"):
                await cached.mint(ACME, min_ttl=600)
            assert asyncio.get_running_loop().time() - started < 2

    run(story())


def test_closing_tells_those_who_wait() -> None:
    async def story() -> None:
        async with opened() as house:
            house.mint.gate = asyncio.Event()
            cached = house.replica()
            waiting = asyncio.create_task(cached.mint(ACME, min_ttl=600))
            await settle()
            await cached.close()
            with pytest.raises(UnreachableError, match="shutting down"):
                await waiting
            with pytest.raises(UnreachableError, match="shutting down"):
                await cached.mint(ACME, min_ttl=600)

    run(story())


def test_a_store_that_fails_takes_no_new_token_away(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()

            async def fail(*_: Any) -> None:
                raise OSError("postgres://user:canary@db is away")

            house.store.put = fail  # type: ignore[assignment,method-assign]
            first = await cached.mint(ACME, min_ttl=600)
            assert (await cached.mint(ACME, min_ttl=600)).token == first.token
            for _ in range(2):
                await ended_early(house, cached)
            with pytest.raises(RateLimitedError):
                await cached.mint(ACME, min_ttl=600)

    run(story())
    assert "could not be stored" in caplog.text
    assert "canary" not in caplog.text
