"""Scopes are ordered by what they may do, and nothing makes one wider."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.model.errors import RequestError
from gitlease.model.scopes import Scope

OWNERS = st.sampled_from([None, "acme", "bolt"])
REPOSITORIES = st.none() | st.sets(st.sampled_from(["a", "b", "c"]), min_size=1)
PERMISSIONS = st.none() | st.dictionaries(
    st.sampled_from(["contents", "issues"]), st.sampled_from(["read", "write", "admin"]), min_size=1
)
SCOPES = st.builds(Scope.of, OWNERS, REPOSITORIES, PERMISSIONS)


@given(SCOPES)
def test_a_scope_covers_itself(scope: Scope) -> None:
    assert scope.covers(scope)


@given(SCOPES, SCOPES)
def test_two_scopes_that_cover_each_other_are_one(one: Scope, other: Scope) -> None:
    assert (one.covers(other) and other.covers(one)) == (one == other)


@given(SCOPES, SCOPES, SCOPES)
def test_what_is_covered_covers_no_more_than_its_coverer(a: Scope, b: Scope, c: Scope) -> None:
    if a.covers(b) and b.covers(c):
        assert a.covers(c)


@given(SCOPES, st.sampled_from(["a", "b", "c", "d"]))
def test_narrowing_gives_a_covered_scope_of_one_repository_or_is_refused(
    scope: Scope, repository: str
) -> None:
    try:
        narrow = scope.narrow(repository)
    except RequestError:
        assert scope.repositories is not None
        assert repository not in scope.repositories
        return
    assert scope.covers(narrow)
    assert narrow.repositories == (repository,)


@given(SCOPES, SCOPES)
def test_one_key_means_one_scope(one: Scope, other: Scope) -> None:
    assert (one.key == other.key) == (one == other)


EMPTY: list[Callable[[], Scope]] = [
    lambda: Scope.of("acme", []),
    lambda: Scope.of("acme", None, {}),
    lambda: Scope("acme", ()),
    lambda: Scope("acme", None, ()),
]


@pytest.mark.parametrize("build", EMPTY)
def test_a_list_that_is_there_but_empty_is_refused_because_github_reads_it_as_all(
    build: Callable[[], Scope],
) -> None:
    with pytest.raises(RequestError):
        build()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a~b", "a b", "a\n", "é", "x" * 101])
def test_a_name_that_github_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(RequestError):
        Scope.of("acme", [name])
    with pytest.raises(RequestError):
        Scope.of(name)
    with pytest.raises(RequestError):
        Scope.of("acme").narrow(name)


@pytest.mark.parametrize(
    "permissions",
    [
        {"contents": "owner"},
        {"contents": ""},
        {"contents": "READ"},
        {"": "read"},
        {"contents:read,issues": "read"},
        {"Contents": "read"},
        {"contents\n": "read"},
    ],
)
def test_a_permission_that_github_does_not_have_is_refused(permissions: dict[str, str]) -> None:
    with pytest.raises(RequestError):
        Scope.of("acme", None, permissions)


def test_all_spellings_of_a_scope_are_one() -> None:
    assert Scope.of("Acme", ["B.git", "a", "A"]) == Scope.of("acme", ["a", "b"])
    assert Scope.of("acme").narrow("A.git") == Scope.of("acme", ["a"])


def test_a_scope_reads_like_a_sentence_part() -> None:
    scope = Scope.of("acme", ["b", "a"], {"issues": "read", "contents": "write"})
    assert str(scope) == "acme/a, acme/b (contents:write, issues:read)"
    assert str(Scope()) == "the default installation"
    many = Scope.of("acme", [f"r{number:03}" for number in range(500)])
    assert str(many).endswith("acme/r007 and 492 more")
