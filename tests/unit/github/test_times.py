"""Times are read as GitHub means them, wherever this machine is."""

import time
from collections.abc import Iterator

import pytest

from gitlease.github.times import server_time, timestamp

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T08:00:00", NOW),
        ("2027-01-15T09:00:00+01:00", NOW),
        ("2027-01-15T08:00:00.500Z", NOW + 0.5),
    ],
)
def test_times_without_a_zone_are_utc(text: str, seconds: float) -> None:
    assert timestamp(text) == seconds


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let local time be far from UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        (DATE, NOW),
        ("Fri, 15 Jan 2027 08:00:00 -0000", NOW),
        ("Friday, 15-Jan-27 08:00:00 GMT", NOW),
        ("", None),
        ("yesterday", None),
        ("Fri, 99 Jan 2027 08:00:00 GMT", None),
        ("Fri, 15 Jan 99999999999 08:00:00 GMT", None),
    ],
)
@pytest.mark.usefixtures("far_east")
def test_a_date_that_cannot_be_read_is_none(date: str, seconds: float | None) -> None:
    assert server_time({"date": date}) == seconds
    assert server_time({}) is None
