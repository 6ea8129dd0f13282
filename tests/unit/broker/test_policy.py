"""What may be had is never wider than a grant, and a refusal says what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.broker.policy import Allowed, Asked, Refused, decide
from gitlease.model.errors import RequestError
from gitlease.model.grants import ALL, Grant

OWNERS = st.sampled_from(["acme", "bolt"])
NAMES = st.sampled_from(["app", "lib", "docs"])
GRANTS = st.builds(
    Grant.of,
    OWNERS,
    st.just(ALL) | st.lists(NAMES, min_size=1),
    st.none()
    | st.dictionaries(
        st.sampled_from(["contents", "issues"]), st.sampled_from(["read", "write"]), min_size=1
    ),
)
ASKED = st.builds(Asked, st.none() | OWNERS, st.none() | NAMES)


@pytest.mark.guarantee("scope")
@given(st.lists(GRANTS), ASKED)
def test_what_is_allowed_is_never_wider_than_a_grant(grants: list[Grant], asked: Asked) -> None:
    verdict = decide(grants, asked)
    if isinstance(verdict, Allowed):
        assert verdict.grant in grants
        assert verdict.grant.scope.covers(verdict.scope)


@pytest.mark.guarantee("scope")
@given(st.lists(GRANTS), ASKED)
def test_what_is_allowed_is_what_was_asked_for(grants: list[Grant], asked: Asked) -> None:
    verdict = decide(grants, asked)
    if isinstance(verdict, Allowed):
        assert asked.owner in {None, verdict.scope.owner}
        if asked.repository is None:
            assert verdict.scope == verdict.grant.scope
        else:
            assert verdict.scope.repositories == (asked.repository,)


@given(st.lists(GRANTS), ASKED)
def test_a_refusal_names_the_missing_grant_and_is_right(grants: list[Grant], asked: Asked) -> None:
    verdict = decide(grants, asked)
    if isinstance(verdict, Refused):
        assert verdict.missing == asked
        for grant in grants:
            assert asked.owner not in {None, grant.owner} or (
                asked.repository is not None
                and grant.repositories is not None
                and asked.repository not in grant.repositories
            )


@given(st.lists(GRANTS, min_size=1), ASKED)
def test_no_other_grant_would_have_given_strictly_more(grants: list[Grant], asked: Asked) -> None:
    verdict = decide(grants, asked)
    if isinstance(verdict, Allowed):
        for grant in grants:
            other = decide([grant], asked)
            if isinstance(other, Allowed) and other.scope.covers(verdict.scope):
                assert other.scope == verdict.scope


@pytest.mark.guarantee("scope")
@given(ASKED)
def test_a_workspace_without_grants_may_ask_for_nothing(asked: Asked) -> None:
    assert decide([], asked) == Refused("it has no grant at all", asked)


def test_the_first_of_two_grants_that_do_not_cover_each_other_answers() -> None:
    read = Grant.of("acme", ["app"], {"contents": "read"})
    issues = Grant.of("acme", ["app"], {"issues": "write"})
    assert decide([issues, read], Asked("acme")) == Allowed(issues.scope, issues)
    assert decide([read, issues], Asked("acme")) == Allowed(read.scope, read)


def test_a_wider_request_is_refused_and_not_clamped() -> None:
    grant = Grant.of("acme", ["app"])
    verdict = decide([grant], Asked("acme", "secret"))
    assert isinstance(verdict, Refused)
    assert "acme/secret" in verdict.reason


@pytest.mark.parametrize(
    ("owner", "repository", "expected"),
    [
        (None, None, Asked()),
        ("Acme", None, Asked("acme")),
        ("acme", "App", Asked("acme", "app")),
        (None, "Acme/App", Asked("acme", "app")),
        ("acme", "Acme/app", Asked("acme", "app")),
    ],
)
def test_a_request_is_read_in_one_normal_form(
    owner: str | None, repository: str | None, expected: Asked
) -> None:
    assert Asked.of(owner, repository) == expected


@pytest.mark.parametrize(
    ("owner", "repository"),
    [
        ("", None),
        ("acme/app", None),
        ("acme", ""),
        ("acme", "bolt/app"),
        (None, "/app"),
        (None, "acme/"),
        ("acme", "a/b/c"),
        ("acme", ".."),
        ("\N{KELVIN SIGN}", None),
        ("acme", "app\n"),
    ],
)
def test_what_can_be_no_name_is_refused(owner: str | None, repository: str | None) -> None:
    with pytest.raises(RequestError):
        Asked.of(owner, repository)
