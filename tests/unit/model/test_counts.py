"""A number of things is said as a person says it."""

import pytest

from gitlease.model.counts import counted


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 leases"), (1, "1 lease"), (2, "2 leases"), (1.4, "1 lease"), (0.4, "0 leases")],
)
def test_one_of_a_thing_is_no_plural(count: float, expected: str) -> None:
    assert counted(count, "lease") == expected
