"""A token is renewed before two thirds of its life are over, and nobody is asked in a storm."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.workspace import pace
from tests.support.parts import settings

MINE = settings(Path("/h"))
LIVES = st.floats(3, 3600)
SHARES = st.floats(0, 1)


def low(first: float, second: float) -> float:
    del second
    return first


def high(first: float, second: float) -> float:
    del first
    return second


def test_an_hours_token_is_renewed_within_two_minutes_by_lot() -> None:
    """At the latest a minute before two thirds of its life are over."""
    assert pace.until_due(3600, 3600, MINE, low) == 2340
    assert pace.until_due(3600, 3600, MINE, high) == 2220
    assert not pace.is_due(1381, 3600, MINE)
    assert pace.is_due(1380, 3600, MINE)


@given(LIVES, SHARES, st.integers(0, 10_000))
def test_what_was_left_alone_as_long_as_that_is_due(life: float, share: float, jitter: int) -> None:
    """The lot need not be remembered, and the renewal comes before two thirds are over."""
    mine = settings(Path("/h"), refresh_jitter=jitter)
    pause = pace.until_due(life, life, mine, lambda a, b: a + share * (b - a))
    left = life - pause
    assert pace.is_due(left - 1e-6, life, mine)
    assert left > life / 3
    assert pause > life * 0.48


@given(LIVES, SHARES, SHARES)
def test_an_answer_that_is_no_better_is_asked_for_again_until_it_must_be(
    life: float, gone: float, share: float
) -> None:
    """A few times before two thirds are over, then once after."""
    left = life / 3 + gone * life / 10
    asked = 0
    while True:
        pause = pace.until_better(left, life, lambda a, b: a + max(share, 0.01) * (b - a))
        if pause is None:
            break
        asked += 1
        left -= max(pause, pace.SHORTEST)
    assert asked <= 60
    # The broker counts up to a second more.
    assert left <= life / 3 - 1


def test_a_broker_that_has_no_better_token_is_asked_a_few_times_as_a_rule() -> None:
    asked, left = 0, 1300.0
    while (pause := pace.until_better(left, 3600, lambda a, b: (a + b) / 2)) is not None:
        asked, left = asked + 1, left - max(pause, 1.0)
    assert asked == 3
    assert 1195 < left <= 1199


@pytest.mark.parametrize(
    ("urgent", "pauses"),
    [(False, [30, 60, 120, 240, 300, 300]), (True, [30, 40, 40, 40, 40, 40])],
)
def test_failures_are_retried_at_growing_pauses(urgent: bool, pauses: list[float]) -> None:
    found = [pace.until_retry(number, high, urgent=urgent) for number in range(1, 7)]
    assert found == pauses
    assert pace.until_retry(10_000, high, urgent=False) == 300


def test_a_fleet_that_failed_together_comes_back_spread() -> None:
    assert pace.until_retry(1, low, urgent=False) == 27
