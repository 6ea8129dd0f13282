"""GitHub's replies become a token or an error that names cause and cure; nothing else comes out."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.github import protocol
from gitlease.github.protocol import App, Installation
from gitlease.github.refusals import is_clock_refusal
from gitlease.model.errors import (
    GitleaseError,
    UnreachableError,
)
from gitlease.model.exchange import Response
from gitlease.model.scopes import Scope
from gitlease.model.tokens import Secret, Token

API = "https://api.github.com"
NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
EXPIRES = "2027-01-15T09:00:00Z"
CANARY = "ghs_canary0123456789"


def reply(status: int, body: Any, **headers: str) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {k.replace("_", "-"): v for k, v in headers.items()}, data)


def read(response: Response, now: float = NOW) -> Token:
    return protocol.read_token(response, now, whose="acme/app", source="app key")


def minted(expires_at: str = EXPIRES, token: Any = CANARY, **headers: str) -> Response:
    return reply(201, {"token": token, "expires_at": expires_at}, **headers)


def test_a_minted_token_has_the_life_that_github_gave_it() -> None:
    token = read(minted(date=DATE))
    assert token == Token(Secret(CANARY), NOW + 3600, NOW, lifetime=3600.0, source="app key")


@pytest.mark.parametrize("wrong", [-86_400.0, -300.0, 300.0, 86_400.0])
def test_a_wrong_clock_here_changes_no_life(wrong: float) -> None:
    token = read(minted(date=DATE), NOW + wrong)
    assert token.expires_at == NOW + wrong + 3600
    assert token.lifetime == 3600


def test_no_life_is_longer_than_githubs_hour_even_without_a_date() -> None:
    token = read(minted(), NOW - 7200)
    assert (token.expires_at, token.lifetime) == (NOW - 7200 + 3600, 3600)


def test_a_short_life_is_known_as_such() -> None:
    token = read(minted("2027-01-15T08:01:00Z", date=DATE))
    assert (token.expires_at, token.lifetime) == (NOW + 60, 60)


@pytest.mark.parametrize(
    "token", [None, 5, "", "two words", "a\nb=c", "a\rb", "\x00", "é", "\N{EN QUAD}", [CANARY]]
)
def test_a_token_that_cannot_stand_on_gits_line_is_refused(token: Any) -> None:
    with pytest.raises(UnreachableError):
        read(minted(token=token))


STRANGE = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"<html>proxy login</html>",
    b"\xff\xfe",
    b'{"token": "ghs_canary0123456789"',
    b'{"token": "ghs_canary0123456789"}',
    b'{"token": "ghs_canary0123456789", "expires_at": 5}',
    b'{"token": "ghs_canary0123456789", "expires_at": "soon ghs_canary0123456789"}',
    b'{"id": 1}',
    b'{"id": Infinity, "account": {"login": "acme"}}',
    b'{"id": true, "account": {"login": "acme"}}',
    b'{"id": 1, "account": {"login": null}}',
    b'{"id": 1, "account": null}',
    b"[1]",
    b"[" * 200_000,
]


@pytest.mark.parametrize("body", STRANGE)
def test_a_reply_that_is_not_githubs_is_an_error_that_quotes_nothing(body: bytes) -> None:
    for act in (
        lambda: protocol.read_token(reply(201, body), NOW, whose="acme", source="x"),
        lambda: protocol.read_installation(reply(200, body), whose="acme"),
        lambda: protocol.read_app(reply(200, body), whose="acme"),
    ):
        with pytest.raises(UnreachableError, match="acme") as raised:
            act()
        assert CANARY not in str(raised.value)
        assert "GITLEASE_API_URL" in raised.value.hint


@given(st.integers(200, 599), st.binary(), st.dictionaries(st.text(), st.text()))
def test_any_reply_is_a_value_or_one_of_our_errors(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    response = Response(status, headers, body)
    for act in (
        lambda: read(response),
        lambda: protocol.read_installation(response, whose="acme"),
        lambda: protocol.read_installations(response, whose="acme"),
        lambda: protocol.read_app(response, whose="acme"),
    ):
        with contextlib.suppress(GitleaseError):
            act()
    assert is_clock_refusal(response) in {True, False}
    assert protocol.is_moved(response) == (status in {301, 302, 307, 308})


def test_a_mint_asks_for_exactly_the_scope() -> None:
    scope = Scope.of("acme", ["b", "a"], {"contents": "read"})
    request = protocol.mint(API, Secret("proof"), 7, scope)
    assert (request.method, request.url) == (
        "POST",
        "https://api.github.com/app/installations/7/access_tokens",
    )
    assert json.loads(request.body or b"") == {
        "repositories": ["a", "b"],
        "permissions": {"contents": "read"},
    }


def test_a_mint_of_everything_sends_no_empty_list() -> None:
    assert protocol.mint(API, Secret("proof"), 7, Scope.of("acme")).body == b"{}"


def test_every_request_carries_the_proof_and_shows_it_to_nobody() -> None:
    proof = Secret(CANARY)
    for request in (
        protocol.get(f"{API}/x", proof),
        protocol.find_installation(API, proof, "acme", "orgs"),
        protocol.get_installation(API, proof, 7),
        protocol.list_installations(API, proof),
        protocol.get_app(API, proof),
        protocol.find_on_repository(API, proof, "acme", "app"),
        protocol.revoke(API, proof),
        protocol.mint(API, proof, 7, Scope.of("acme")),
    ):
        assert request.headers["Authorization"] == f"Bearer {CANARY}"
        assert request.headers["X-GitHub-Api-Version"] == "2022-11-28"
        assert request.headers["Accept"] == "application/vnd.github+json"
        assert CANARY not in repr(request) + request.url
    assert CANARY not in repr(minted())


def test_an_owners_name_cannot_lead_to_another_route() -> None:
    request = protocol.find_installation(API, Secret("p"), "../app?x#y", "orgs")
    assert request.url == f"{API}/orgs/..%2Fapp%3Fx%23y/installation"


def test_installations_are_read_with_number_and_owner() -> None:
    one = {"id": 7, "account": {"login": "Acme"}, "more": "things"}
    assert protocol.read_installation(reply(200, one), whose="x") == Installation(7, "Acme")
    assert protocol.read_installations(reply(200, [one]), whose="x") == [Installation(7, "Acme")]
    assert protocol.read_installations(reply(200, []), whose="x") == []


def test_an_installation_tells_what_it_was_granted() -> None:
    one = {
        "id": 7,
        "account": {"login": "acme"},
        "permissions": {"metadata": "read", "contents": "write", "odd": None},
        "repository_selection": "selected",
        "suspended_at": "2027-01-15T08:00:00Z",
    }
    assert protocol.read_installation(reply(200, one), whose="x") == Installation(
        7, "acme", (("contents", "write"), ("metadata", "read")), selected=True, suspended=True
    )


def test_an_app_is_read_with_its_names() -> None:
    one = {"id": 1, "slug": "lease", "client_id": "Iv23"}
    assert protocol.read_app(reply(200, one), whose="x") == App(1, "lease", "Iv23")
    assert protocol.read_app(reply(200, {**one, "client_id": None}), whose="x").client_id == ""


def test_a_renamed_repository_is_asked_for_by_number_and_the_others_by_name() -> None:
    scope = Scope.of("acme", ["a", "b", "c"])
    request = protocol.mint(API, Secret("p"), 7, scope, {"b": 5, "other": 6})
    assert json.loads(request.body or b"") == {"repositories": ["a", "c"], "repository_ids": [5]}
    request = protocol.mint(API, Secret("p"), 7, Scope.of("acme", ["a"]), {"a": 5})
    assert json.loads(request.body or b"") == {"repository_ids": [5]}
    request = protocol.mint(API, Secret("p"), 7, Scope.of("acme"), {"a": 5})
    assert request.body == b"{}"


def test_a_page_of_installations_is_asked_for_by_number() -> None:
    urls = [
        protocol.list_installations(API, Secret("p"), page=page, per_page=100).url
        for page in (1, 2)
    ]
    assert urls == [
        f"{API}/app/installations?per_page=100",
        f"{API}/app/installations?per_page=100&page=2",
    ]
