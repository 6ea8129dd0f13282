"""A rejected token is never seen again, and is replaced at once, but not in a storm."""

import contextlib

import pytest

from gitlease.model.errors import (
    RateLimitedError,
    UnreachableError,
)
from gitlease.model.scopes import Scope
from tests.support.mint_stories import ACME, ended_early, opened, run

pytestmark = pytest.mark.enable_socket


def test_what_is_rejected_while_it_comes_from_the_store_is_not_served() -> None:
    """The answer that it was not rejected may be older than the message that it is."""

    async def story() -> None:
        async with opened() as house:
            one, two = house.replica(), house.replica()
            old = await one.mint(ACME, min_ttl=600)
            is_rejected = house.store.is_rejected

            async def slow(fingerprint: str) -> bool:
                answer = await is_rejected(fingerprint)
                if fingerprint == old.token.fingerprint and not answer:
                    await one.reject(fingerprint)
                    two.hear({"kind": "token", "fingerprint": fingerprint})
                return answer

            house.store.is_rejected = slow  # type: ignore[method-assign]
            house.mint.failure = UnreachableError("GitHub is away")
            with pytest.raises(UnreachableError):
                await two.mint(ACME, min_ttl=600)
            assert two.ready(ACME, min_ttl=0) is None

    run(story())


def test_a_rejected_token_is_never_seen_again_on_any_replica() -> None:
    async def story() -> None:
        async with opened() as house:
            one, two = house.replica(), house.replica()
            bad = (await one.mint(ACME, min_ttl=600)).token.fingerprint
            await two.mint(ACME, min_ttl=600)
            assert await one.reject(bad) == "dropped"
            # What the store's message to the other replicas does.
            assert two.forget(bad)
            third = house.replica()
            for replica in (one, two, third):
                assert (await replica.mint(ACME, min_ttl=600)).token.fingerprint != bad
            assert len(house.mint.minted) == 2
            assert await one.reject(bad) == "not held any more"

    run(story())


@pytest.mark.parametrize("told", [True, False])
def test_a_rejected_token_that_the_store_still_gives_is_not_handed_out(told: bool) -> None:
    """The row was read before it was dropped, and the message may not have come yet."""

    async def story() -> None:
        async with opened() as house:
            one, two = house.replica(), house.replica()
            bad = (await one.mint(ACME, min_ttl=600)).token.fingerprint
            row = house.store.rows[two.key(ACME)]
            await one.reject(bad)
            house.store.rows[two.key(ACME)] = row
            if told:
                two.forget(bad)
            assert (await two.mint(ACME, min_ttl=600)).token.fingerprint != bad

    run(story())


def test_a_storm_of_rejections_is_one_forced_mint_in_thirty_seconds() -> None:
    async def story() -> None:
        async with opened() as house:
            replicas = [house.replica() for _ in range(2)]
            await replicas[0].mint(ACME, min_ttl=600)
            for n in range(60):
                replica = replicas[n % 2]
                with contextlib.suppress(RateLimitedError):
                    got = await replica.mint(ACME, min_ttl=600)
                    house.mint.dead.add(got.token.fingerprint)
                    await replica.reject(got.token.fingerprint)
                    replicas[1 - n % 2].forget(got.token.fingerprint)
                house.clock.advance(1)
            # The first was not forced; then at 0, 30 and perhaps 60 seconds.
            assert 3 <= len(house.mint.minted) <= 4
            house.clock.advance(31)
            await ended_early(house, replicas[0])
            with pytest.raises(RateLimitedError) as raised:
                await replicas[0].mint(ACME, min_ttl=600)
            assert 0 < (raised.value.retry_after or 0) <= 30
            house.clock.advance(31)
            await replicas[0].mint(ACME, min_ttl=600)

    run(story())


def test_a_message_of_another_replica_is_acted_on() -> None:
    async def story() -> None:
        async with opened() as house:
            one, two = house.replica(), house.replica()
            bad = (await one.mint(ACME, min_ttl=600)).token.fingerprint
            await two.mint(ACME, min_ttl=600)
            await one.reject(bad)
            await one.mint(ACME, min_ttl=600)
            two.hear({"kind": "bearer", "token_id": "x"})
            two.hear({"kind": "token", "fingerprint": bad})
            assert (await two.mint(ACME, min_ttl=600)).source == "store"
            assert (await two.mint(ACME, min_ttl=600)).source == "memory"
            two.hear({"kind": "reset"})
            assert len(two) == 0
            assert (await two.mint(ACME, min_ttl=600)).source == "store"
            assert len(house.mint.minted) == 2

    run(story())


def test_what_another_replica_has_replaced_is_no_storm_here() -> None:
    async def story() -> None:
        async with opened() as house:
            house.mint.life = 20.0
            one, two = house.replica(), house.replica()
            bad = (await one.mint(ACME, min_ttl=1)).token.fingerprint
            await two.mint(ACME, min_ttl=1)
            await one.reject(bad)
            two.forget(bad)
            await one.mint(ACME, min_ttl=1)
            assert (await two.mint(ACME, min_ttl=1)).source == "store"
            house.clock.advance(20)
            assert (await two.mint(ACME, min_ttl=1)).source == "mint"

    run(story())


def test_the_storm_of_one_key_leaves_other_keys_alone() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            for _ in range(2):
                await ended_early(house, cached)
            with pytest.raises(RateLimitedError):
                await cached.mint(ACME, min_ttl=600)
            await cached.mint(Scope.of("other"), min_ttl=600)

    run(story())


def test_a_revoked_token_ends_at_github_and_is_handed_out_no_more() -> None:
    async def story() -> None:
        async with opened() as house:
            one, two = house.replica(), house.replica()
            gone = await one.mint(ACME, min_ttl=600)
            await two.revoke(gone)
            # What the store's message to the other replicas does.
            one.hear({"kind": "token", "fingerprint": gone.token.fingerprint})
            assert house.mint.revoked == [gone.token.fingerprint]
            for replica in (one, two, house.replica()):
                assert (await replica.mint(ACME, min_ttl=600)).token != gone.token
            assert len(house.mint.minted) == 2

    run(story())
