"""The world's time is the real one, moved."""

import time

import pytest

from gitlease.emulator.clock import Clock, http_date, iso


def test_the_clock_moves_both_ways() -> None:
    clock = Clock()
    clock.advance(3600)
    clock.advance(-60.5)
    assert clock.now() - time.time() == pytest.approx(3539.5, abs=1)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_the_clock_moves_by_numbers_only(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^advance: "):
        Clock().advance(seconds)


def test_times_have_githubs_forms() -> None:
    assert iso(1577836800.9) == "2020-01-01T00:00:00Z"
    assert http_date(1577836800.9) == "Wed, 01 Jan 2020 00:00:00 GMT"
