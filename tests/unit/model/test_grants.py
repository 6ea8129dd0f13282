"""A grant says what a workspace may ask for, and means "all" only where that is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.model.errors import RequestError
from gitlease.model.grants import ALL, Grant

NAMES = st.sampled_from(["app", "lib", "Docs"])
GRANTS = st.builds(
    Grant.of,
    st.sampled_from(["acme", "Bolt"]),
    st.just(ALL) | st.lists(NAMES, min_size=1),
    st.none()
    | st.dictionaries(st.sampled_from(["contents", "issues"]), st.just("read"), min_size=1),
    st.none() | st.integers(1, 1000),
)


@given(GRANTS)
def test_a_grant_survives_its_journey_through_json(grant: Grant) -> None:
    assert Grant.from_json(grant.as_json()) == grant


@given(GRANTS)
def test_a_grant_is_a_scope_of_its_owner(grant: Grant) -> None:
    assert grant.scope.owner == grant.owner
    assert grant.scope.repositories == grant.repositories


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "ALL",
        {},
        {"owner": "acme"},
        {"repositories": "ALL"},
        {"owner": "acme", "repositories": None},
        {"owner": "acme", "repositories": []},
        {"owner": "acme", "repositories": "app"},
        {"owner": "acme", "repositories": "all"},
        {"owner": "acme", "repositories": [1]},
        {"owner": "acme", "repositories": ["other/app"]},
        {"owner": "", "repositories": "ALL"},
        {"owner": 5, "repositories": "ALL"},
        {"owner": "acme/app", "repositories": "ALL"},
        {"owner": "acme", "repositories": "ALL", "permissions": {}},
        {"owner": "acme", "repositories": "ALL", "permissions": {"contents": "owner"}},
        {"owner": "acme", "repositories": "ALL", "permissions": {"contents": None}},
        {"owner": "acme", "repositories": "ALL", "permissions": ["contents"]},
        {"owner": "acme", "repositories": "ALL", "max_per_hour": 0},
        {"owner": "acme", "repositories": "ALL", "max_per_hour": True},
        {"owner": "acme", "repositories": "ALL", "max_per_hour": "5"},
        {"owner": "acme", "repositories": "ALL", "more": 1},
        {"owner": "acme", "repositories": [f"r{n}" for n in range(501)]},
    ],
)
def test_what_is_no_grant_is_refused_and_never_read_as_all(value: object) -> None:
    with pytest.raises(RequestError):
        Grant.from_json(value)
