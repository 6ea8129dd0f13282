"""What a run of the tests shows: guarantees and who holds them, inputs tried, faults survived."""

from collections.abc import Callable

import pytest

# The README's guarantees by a short name: `@pytest.mark.guarantee("expiry")` says that a test holds
# one of them.
GUARANTEES = {
    "expiry": "An expired token is never printed",
    "host": "A token goes to the configured host only",
    "scope": "A scope is never widened.",
    "renewal": "A valid token is not taken away by a failed renewal",
    "one-fetch": "Any number of equal requests cause one fetch",
    "journal": "No lease without a record",
    "secrets": "No secret in argv, logs, git config or error messages.",
}

Tried = Callable[[str, int], None]
Survived = Callable[[str], None]


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Tried:
    """Put on record how many inputs a test tried: ``tried("requests to the helper", 9000)``."""

    def record(what: str, count: int) -> None:
        record_property("tried", [what, count])

    return record


@pytest.fixture
def survived(record_property: Callable[[str, object], None]) -> Survived:
    """Put on record a fault that was made on purpose and survived: ``survived("disk full")``."""

    def record(fault: str) -> None:
        record_property("survived", fault)

    return record
