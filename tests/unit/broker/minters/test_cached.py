"""One mint for all who want the same, and never a token that is dead, short or rejected."""

import asyncio
import contextlib
import logging
import traceback
import tracemalloc
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlease.broker.errors import ShareError
from gitlease.broker.minters import Cached, Minted
from gitlease.broker.shares import Shares
from gitlease.model.errors import (
    RateLimitedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from gitlease.model.scopes import Scope
from gitlease.model.tokens import fair_min_ttl
from tests.support.minting import House

pytestmark = pytest.mark.enable_socket

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


def test_a_valid_token_is_served_while_github_is_away() -> None:
    async def story() -> None:
        async with opened() as house:
            cached = house.replica()
            first = await cached.mint(ACME, min_ttl=600)
            house.mint.failure = UnreachableError("GitHub is away")
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
                with pytest.raises(UnreachableError):
                    await replica.mint(ACME, min_ttl=600)

    run(story())


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


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from([0.0, 60.0, 600.0, 1200.0, 1e9])),
        st.tuples(st.just("wait"), st.floats(0.0, 4000.0)),
        st.tuples(st.just("set back"), st.floats(0.0, 4000.0)),
        st.tuples(st.just("reject"), st.just(0.0)),
        st.tuples(st.just("fail"), st.just(0.0)),
        st.tuples(st.just("heal"), st.just(0.0)),
        st.tuples(st.just("tick"), st.just(0.0)),
        st.tuples(st.just("restart"), st.just(0.0)),
    ),
    max_size=40,
)


@dataclass
class Day:
    """What happens to one broker, and what is true of every token that it hands out."""

    house: House
    cached: Cached
    last: Minted | None = None
    rejected: set[str] = field(default_factory=set)
    # On the clock that nobody sets, whatever the wall clock said at the mint.
    ends: dict[str, float] = field(default_factory=dict)

    async def step(self, what: str, amount: float) -> None:
        clock = self.house.clock
        match what:
            case "ask":
                await self.ask(amount)
            case "wait":
                clock.advance(amount)
            case "set back":
                clock.wall_offset -= amount
                # Rows are judged by the wall clock alone.
                self.house.store.rows.clear()
            case "fail":
                self.house.mint.failure = UnreachableError("away")
            case "heal":
                self.house.mint.failure = None
            case "tick":
                await self.cached.renew_due()
            case _:
                await self.disturb(what)
        for token in self.house.mint.minted:
            self.ends.setdefault(token.fingerprint, clock.at + self.house.mint.life)

    async def disturb(self, what: str) -> None:
        if what == "restart":
            await self.cached.close()
            self.cached = self.house.replica()
        elif self.last is not None:
            self.rejected.add(self.last.token.fingerprint)
            await self.cached.reject(self.last.token.fingerprint)

    async def ask(self, min_ttl: float) -> None:
        clock, life = self.house.clock, self.house.mint.life
        with contextlib.suppress(SourceError):
            self.last = await self.cached.mint(ACME, min_ttl=min_ttl)
            token = self.last.token
            assert token.fingerprint not in self.rejected
            # While GitHub gives nothing, or not yet again, what lives is served on.
            is_calm = self.house.mint.failure is None and not self.rejected
            least = min_ttl if is_calm else 0.0
            assert token.usable(clock.wall(), least)
            ends = self.ends.get(token.fingerprint, clock.at + life)
            assert ends - clock.at >= fair_min_ttl(least, life)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.sampled_from([30.0, 600.0, 3600.0]))
def test_no_token_is_ever_dead_short_or_rejected(
    steps: list[tuple[str, float]], life: float
) -> None:
    async def story() -> None:
        async with opened() as house:
            house.mint.life = life
            day = Day(house, house.replica())
            for step in steps:
                await day.step(*step)

    run(story())
