"""One mint for all who want the same, and never a token that is dead, short or rejected."""

import asyncio
import logging
import traceback
import tracemalloc

import pytest

from gitlease.broker.errors import ShareError
from gitlease.broker.shares import Shares
from gitlease.model.errors import KeyFileError, SourceError, UnauthorizedError, UnreachableError
from gitlease.model.scopes import Scope
from tests.support.mint_stories import ACME, opened, run, settle

pytestmark = pytest.mark.enable_socket


def test_a_thousand_requests_for_ten_scopes_are_ten_mints() -> None:
    async def story() -> None:
        async with opened() as house:
            replicas = [house.replica() for _ in range(3)]
            scopes = [Scope.of("acme", [f"r{n}"]) for n in range(10)]
            got = await asyncio.gather(
                *(replicas[n % 3].mint(scopes[n % 10], min_ttl=600) for n in range(1000))
            )
            assert len(house.mint.minted) == 10
            assert len({one.token.fingerprint for one in got}) == 10

    run(story())


def test_memory_then_store_then_mint() -> None:
    async def story() -> None:
        async with opened() as house:
            one, two = house.replica(), house.replica()
            sources = [
                (await replica.mint(ACME, min_ttl=600)).source for replica in (one, one, two, two)
            ]
            assert sources == ["mint", "memory", "store", "memory"]

    run(story())


def test_equal_scopes_of_another_set_up_share_nothing() -> None:
    async def story() -> None:
        async with opened() as house:
            await house.replica().mint(ACME, min_ttl=600)
            house.mint.realm = "app 2"
            assert (await house.replica().mint(ACME, min_ttl=600)).source == "mint"

    run(story())


def test_who_waits_for_somebody_elses_work_is_not_refused_for_his_share() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica(shares=Shares(4, monotonic=house.clock.monotonic))
            for owner in ("one", "two"):
                await cached.mint(Scope(owner), min_ttl=600, whose="greedy")
            greedy = asyncio.create_task(cached.mint(ACME, min_ttl=600, whose="greedy"))
            others = [
                asyncio.create_task(cached.mint(ACME, min_ttl=600, whose=f"ws-{number}"))
                for number in range(5)
            ]
            with pytest.raises(ShareError, match="greedy"):
                await greedy
            got = await asyncio.gather(*others)
            assert len({one.token.fingerprint for one in got}) == 1
            # What has been minted is served to it too.
            served = await cached.mint(ACME, min_ttl=600, whose="greedy")
            assert served.token == got[0].token

    run(story())


def test_a_caller_that_goes_away_takes_nothing_from_the_others() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            house.mint.gate = asyncio.Event()
            first = asyncio.create_task(cached.mint(ACME, min_ttl=600))
            await settle()
            others = [asyncio.create_task(cached.mint(ACME, min_ttl=600)) for _ in range(9)]
            await settle()
            first.cancel()
            others[0].cancel()
            await settle()
            assert first.cancelled()
            house.mint.gate.set()
            got = await asyncio.gather(*others[1:])
            assert len(house.mint.minted) == 1
            assert len({one.token.fingerprint for one in got}) == 1

    run(story())


def test_work_that_dies_is_begun_again_for_those_who_wait() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            house.mint.gate = asyncio.Event()
            waiting = [asyncio.create_task(cached.mint(ACME, min_ttl=600)) for _ in range(9)]
            await settle()
            [leader] = cached._flights._tasks.values()
            leader.cancel()
            await settle()
            house.mint.gate.set()
            await asyncio.gather(*waiting)
            assert len(house.mint.asked) == 2
            assert len(house.mint.minted) == 1

    run(story())


def test_a_failure_is_shared_with_those_who_waited_and_nobody_else() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            house.mint.failure = UnreachableError("GitHub is away")
            got = await asyncio.gather(
                *(cached.mint(ACME, min_ttl=600) for _ in range(9)), return_exceptions=True
            )
            assert {type(one) for one in got} == {UnreachableError}
            assert len({id(one) for one in got}) == 9
            assert len(house.mint.asked) == 1
            house.mint.failure = None
            await cached.mint(ACME, min_ttl=600)

    run(story())


@pytest.mark.parametrize(
    "failure",
    [
        UnreachableError("GitHub is away"),
        KeyFileError("the App's key is gone"),
        UnauthorizedError("GitHub does not know the App's key"),
    ],
)
def test_a_valid_token_is_served_while_none_can_be_minted(failure: SourceError) -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            first = await cached.mint(ACME, min_ttl=600)
            house.mint.failure = failure
            house.clock.advance(2900)
            await cached.renew_due()
            assert len(house.mint.asked) == 2
            for replica in (cached, house.replica()):
                assert (await replica.mint(ACME, min_ttl=600)).token == first.token
            # Less than was asked for, and more than nothing.
            house.clock.advance(101)
            for replica, origin in ((cached, "memory"), (house.replica(), "store")):
                served = await replica.mint(ACME, min_ttl=600)
                assert (served.token, served.source) == (first.token, origin)
            house.clock.advance(595)
            for replica in (cached, house.replica()):
                with pytest.raises(type(failure)):
                    await replica.mint(ACME, min_ttl=600)

    run(story())


def test_memory_stays_flat() -> None:
    """The keys used last are kept, and nothing of the others."""

    async def story() -> None:
        async with opened() as house:
            cached = house.replica(most_keys=50)
            for n in range(500):
                await cached.mint(Scope.of("acme", [f"r{n}"]), min_ttl=600)
            assert len(cached) == 50
            assert len(cached._memory._keys) == 50
            assert len(cached._flights) == 0
            assert (await cached.mint(Scope.of("acme", ["r499"]), min_ttl=600)).source == "memory"
            assert (await cached.mint(Scope.of("acme", ["r0"]), min_ttl=600)).source == "store"
            for _ in range(100):
                house.clock.advance(2500)
                await cached.mint(ACME, min_ttl=600)
            assert len(cached._memory._keys) <= 51

    run(story())


def test_no_token_shows_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []

    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            got = await cached.mint(ACME, min_ttl=600)
            shown.append(f"{got} {got!r} {cached._memory.get(cached.key(ACME))!r}")
            house.mint.failure = UnreachableError("GitHub is away")
            house.clock.advance(3598)
            await cached.renew_due()
            try:
                await cached.mint(ACME, min_ttl=600)
            except SourceError as error:
                told = traceback.TracebackException.from_exception(error, capture_locals=True)
                shown.extend(told.format())

    run(story())
    assert len(shown) > 1
    assert "canary" not in "".join(shown) + caplog.text


def test_leases_from_memory_leave_nothing_behind() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            await cached.mint(ACME, min_ttl=600)
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(20_000):
                await cached.mint(ACME, min_ttl=600)
            after, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert after - before < 20_000

    run(story())
