"""A burst of mints is slowed here, before GitHub shuts the App out."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.github.pace import LONGEST_WAIT, MINTS_PER_MINUTE, MINUTE, Pace
from gitlease.model.errors import RateLimitedError

pytestmark = pytest.mark.enable_socket

GITHUBS_LIMIT = 900 // 5


@dataclass
class App:
    """An App that mints on a clock of its own."""

    most: int = MINTS_PER_MINUTE
    at: float = 0.0
    begun: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pace = Pace("App 1", self.most, monotonic=lambda: self.at, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.at += seconds

    async def mint(self) -> None:
        await self.pace.turn()
        self.begun.append(self.at)


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


def test_a_burst_within_the_limit_waits_for_nothing() -> None:
    async def story() -> None:
        app = App()
        for _ in range(MINTS_PER_MINUTE):
            await app.mint()
        assert app.at == 0

    run(story)


def test_a_turn_that_is_near_is_waited_for_and_one_that_is_not_is_told() -> None:
    async def story() -> None:
        app = App(most=2)
        await app.mint()
        await app.mint()
        with pytest.raises(RateLimitedError, match="App 1") as raised:
            await app.mint()
        assert MINUTE <= (raised.value.retry_after or 0) <= 1.5 * MINUTE
        app.at = MINUTE - LONGEST_WAIT
        await app.mint()
        assert app.at == MINUTE

    run(story)


@given(st.lists(st.floats(0, 70), max_size=400))
def test_no_minute_has_more_mints_than_github_allows(pauses: list[float]) -> None:
    async def story() -> None:
        app = App(most=5)
        for pause in pauses:
            app.at += pause
            try:
                await app.mint()
            except RateLimitedError:
                continue
        for first, last in zip(app.begun, app.begun[5:], strict=False):
            assert last - first >= MINUTE * 0.999999

    run(story)


def test_the_default_leaves_room_below_githubs_limit() -> None:
    assert MINTS_PER_MINUTE < GITHUBS_LIMIT
