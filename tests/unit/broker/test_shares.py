"""No workspace takes what an App may mint from the others."""

import pytest

from gitlease.broker.errors import ShareError
from gitlease.broker.shares import MINUTE, Shares

MOST = 160


class Clock:
    """A time that is set."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


def taken(shares: Shares, name: str, wanted: int = 1000) -> int:
    """Return how many of so many mints *name* gets."""
    count = 0
    for _ in range(wanted):
        try:
            shares.take(name)
        except ShareError:
            break
        count += 1
    return count


def test_one_alone_has_half_and_the_others_have_theirs() -> None:
    shares = Shares(MOST, monotonic=Clock())
    assert taken(shares, "greedy") == MOST // 2
    assert [taken(shares, f"ws-{number}", 5) for number in range(16)] == [5] * 16


def test_among_many_each_has_an_eighth_at_most() -> None:
    shares = Shares(MOST, monotonic=Clock())
    for number in range(MOST // 2):
        shares.take(f"ws-{number}")
    assert taken(shares, "greedy") == MOST // 8


def test_after_a_minute_it_may_again_and_is_told_when() -> None:
    clock = Clock()
    shares = Shares(MOST, monotonic=clock)
    assert taken(shares, "greedy") == MOST // 2
    clock.time = MINUTE - 20
    with pytest.raises(ShareError, match="greedy") as refused:
        shares.take("greedy")
    assert (refused.value.whose, refused.value.retry_after) == ("greedy", 20)
    clock.time = MINUTE
    assert taken(shares, "greedy") == MOST // 2


def test_the_broker_itself_is_never_refused() -> None:
    shares = Shares(8, monotonic=Clock())
    assert taken(shares, "greedy") == 4
    for _ in range(100):
        shares.take(None)
