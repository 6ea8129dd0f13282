"""GitHub's limits are read from its headers and obeyed to the second."""

import pytest

from gitlease.github import budget
from gitlease.github.budget import Budget, Patience
from gitlease.model.errors import RateLimitedError
from gitlease.model.exchange import Response

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
NOW = 1_800_000_000
FULL = {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "4990",
    "x-ratelimit-reset": str(NOW + 1800),
}


def test_the_budget_is_read_or_unknown() -> None:
    assert budget.read(FULL) == Budget(5000, 4990, NOW + 1800.0)
    for name in FULL:
        for bad in ("", "-1", "x", "9" * 40, "\N{ARABIC-INDIC DIGIT THREE}"):
            assert budget.read({**FULL, name: bad}) is None
    assert budget.read({}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "999999"}, 3600),
        ({}, 60),
        ({**FULL, "date": DATE}, 60),
        ({**FULL, "x-ratelimit-remaining": "0", "date": DATE}, 1801),
        ({**FULL, "x-ratelimit-remaining": "0"}, 60),
        ({**FULL, "x-ratelimit-remaining": "0", "date": DATE, "retry-after": "5"}, 5),
        ({**FULL, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1", "date": DATE}, 1),
    ],
)
def test_the_wait_is_githubs_within_reason(headers: dict[str, str], seconds: float) -> None:
    assert budget.wait(Response(403, headers, b"")) == seconds


def test_patience_lasts_as_long_as_the_longest_wait() -> None:
    at = 0.0
    patience = Patience("App 1", monotonic=lambda: at)
    patience.check()
    patience.obey(30)
    patience.obey(10)
    at = 29.0
    with pytest.raises(RateLimitedError, match="App 1") as raised:
        patience.check()
    assert raised.value.retry_after == 1
    at = 30.0
    patience.check()
    assert patience.left == 0
