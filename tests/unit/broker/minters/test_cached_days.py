"""Whatever happens in a day, no token is ever dead, short or rejected."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlease.broker.minters import Cached, Minted
from gitlease.model.errors import (
    SourceError,
    UnreachableError,
)
from gitlease.model.tokens import fair_min_ttl
from tests.support.mint_stories import ACME, opened, run
from tests.support.minting import House

pytestmark = pytest.mark.enable_socket

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
