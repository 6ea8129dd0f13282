"""A fault strikes the requests it names, as often as it says, and no other."""

from typing import Any

import pytest

from gitlease.emulator import routes
from gitlease.emulator.faults import Fault, Faults


def asked(method: str, target: str) -> routes.Asked:
    host, _, rest = target.partition("/")
    path, _, query = rest.partition("?")
    return routes.name(method, host, f"/{path}", query)


MINT = asked("POST", "api.github.com/app/installations/5/access_tokens")
FIND = asked("GET", "api.github.com/repos/acme/app/installation")
FETCH = asked("GET", "github.com/acme/app.git/info/refs?service=git-upload-pack")
PUSH = asked("POST", "github.com/acme/app.git/git-receive-pack")
LARGE = asked("POST", "github.com/acme/app.git/info/lfs/objects/batch")
GRAPHQL = asked("POST", "api.github.com/graphql")
ALL = (MINT, FIND, FETCH, PUSH, LARGE, GRAPHQL)


@pytest.mark.parametrize(
    ("route", "struck"),
    [
        ("mint", {MINT}),
        ("installation", {FIND}),
        ("git", {FETCH, PUSH}),
        ("lfs", {LARGE}),
        ("graphql", {GRAPHQL}),
        ("api", {MINT, FIND, GRAPHQL}),
        ("POST api.github.com/app/installations/", {MINT}),
        ("POST api.github.com/app/installations/*/access_tokens", {MINT}),
        ("* github.com/acme/*", {FETCH, PUSH, LARGE}),
        ("github.com/ACME/app.git", {FETCH, PUSH, LARGE}),
        ("GET github.com/*/info/refs", {FETCH}),
        ("GET github.com/*/info/refs?service=git-upload-pack", {FETCH}),
        ("GET github.com/*/info/refs?service=git-receive-pack", set()),
        ("POST *", {MINT, PUSH, LARGE, GRAPHQL}),
        ("DELETE *", set()),
    ],
)
def test_a_route_is_a_name_a_prefix_or_a_glob(route: str, struck: set[routes.Asked]) -> None:
    fault = Fault.parse({"route": route, "status": 500})
    assert {one for one in ALL if fault.matches(one)} == struck


def test_the_first_match_strikes_and_counts_down() -> None:
    faults = Faults()
    faults.add(Fault.parse({"route": "mint", "status": 500, "count": 2}))
    faults.add(Fault.parse({"route": "api", "status": 429, "count": 1}))
    struck = [faults.strike(MINT) for _ in range(4)]
    assert [one.status if one else None for one in struck] == [500, 500, 429, None]


def test_some_are_let_pass_first() -> None:
    faults = Faults()
    faults.add(Fault.parse({"route": "git", "status": 401, "count": 1, "after": 1}))
    assert [bool(faults.strike(one)) for one in (FETCH, MINT, PUSH, PUSH)] == [
        False,
        False,
        True,
        False,
    ]


def test_without_a_count_a_fault_strikes_until_it_is_cleared() -> None:
    faults = Faults()
    faults.add(Fault.parse({"route": "git", "hang": True}))
    assert all(faults.strike(PUSH) for _ in range(100))
    assert faults.clear() == 1
    assert faults.strike(PUSH) is None


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({}, "route"),
        ({"route": ""}, "route"),
        ({"route": "mint", "statsu": 500}, "statsu"),
        ({"route": "mint", "status": "500"}, "status"),
        ({"route": "mint", "status": True}, "status"),
        ({"route": "mint", "status": 99}, "status"),
        ({"route": "mint", "delay": -1}, "delay"),
        ({"route": "mint", "delay": float("inf")}, "delay"),
        ({"route": "mint", "count": 1.5}, "count"),
        ({"route": "mint", "drop": "everything"}, "drop"),
        ({"route": "mint", "headers": []}, "headers"),
        ({"route": "mint", "struck": 1}, "struck"),
    ],
)
def test_a_wrong_fault_is_refused_by_its_key(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=rf"^{key}: "):
        Fault.parse(values)
