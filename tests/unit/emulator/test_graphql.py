"""Queries are carried out on what the token may see; what does not exist is an error."""

from typing import Any

import pytest

from gitlease.emulator.graphql_query import QuerySyntaxError, parse
from tests.unit.emulator.worlds import Api, new_token, new_world


@pytest.fixture
def api() -> Api:
    return Api(new_world())


def ask(api: Api, query: str, token: str | None = None, **variables: Any) -> Any:
    reply = api.ask(
        "POST",
        "/graphql",
        auth=token or new_token(api.world),
        body={"query": query, "variables": variables},
    )
    assert reply.status == 200
    return reply.json


def test_the_viewer_is_the_apps_bot(api: Api) -> None:
    expected = {"data": {"viewer": {"login": "demo[bot]"}}}
    assert ask(api, "query UserCurrent{viewer{login}}") == expected
    assert ask(api, "{viewer{login}}") == expected
    numbered = ask(api, "{ viewer { login databaseId __typename } }")["data"]["viewer"]
    bot = api.world.accounts["demo[bot]"]
    assert numbered == {"login": bot.login, "databaseId": bot.id, "__typename": "Bot"}


def test_fragments_aliases_variables_and_directives_are_honoured(api: Api) -> None:
    query = """
    fragment repo on Repository { name, owner { ...who } }
    fragment who on RepositoryOwner { login, ...on User { bio } ...on Organization { url } }
    query Info($owner: String!, $name: String = "lib", $state: [PullRequestState!] = OPEN) {
      it: repository(owner: $owner, name: $name) {
        ...repo
        parent { ...repo }
        owner { databaseId }
        id @skip(if: true)
        pullRequests(states: $state, first: 5) { totalCount nodes { number state __typename } }
      }
    }"""
    assert ask(api, query, owner="ACME")["data"]["it"] == {
        "name": "lib",
        "owner": {"login": "acme", "url": "https://github.com/acme", "databaseId": 1},
        "parent": None,
        "pullRequests": {
            "totalCount": 1,
            "nodes": [{"number": 1, "state": "OPEN", "__typename": "PullRequest"}],
        },
    }


@pytest.mark.parametrize("name", ["nothing", "app"])
def test_what_the_token_may_not_see_does_not_exist(api: Api, name: str) -> None:
    token = new_token(api.world, repositories=["lib"])
    query = 'query($n: String!) {repository(owner: "acme", name: $n) {name}}'
    assert ask(api, query, token, n=name) == {
        "data": {"repository": None},
        "errors": [
            {
                "type": "NOT_FOUND",
                "path": ["repository"],
                "message": f"Could not resolve to a Repository with the name 'acme/{name}'.",
            }
        ],
    }


def test_pull_requests_want_their_permission(api: Api) -> None:
    token = new_token(api.world, permissions={"contents": "read"})
    query = '{repository(owner: "acme", name: "lib") {name pullRequests(first: 1) {totalCount}}}'
    reply = ask(api, query, token)
    assert reply["data"] == {"repository": {"name": "lib", "pullRequests": None}}
    assert reply["errors"][0]["type"] == "FORBIDDEN"


def test_a_field_that_does_not_exist_is_an_error(api: Api) -> None:
    reply = ask(api, "{viewer{login, shoeSize}}")
    assert reply == {"errors": [{"message": "Field 'shoeSize' doesn't exist on type 'Bot'"}]}


def test_introspection_tells_the_fields_that_exist(api: Api) -> None:
    reply = ask(api, '{__type(name: "PullRequest") {fields(includeDeprecated: true) {name}}}')
    names = {field["name"] for field in reply["data"]["__type"]["fields"]}
    assert {"number", "headRefName", "statusCheckRollup"} - names == {"statusCheckRollup"}
    assert ask(api, '{__type(name: "Nothing") {name}}') == {"data": {"__type": None}}


def test_a_token_is_needed_and_it_must_live(api: Api) -> None:
    for auth in (None, "ghs_dead"):
        reply = api.ask("POST", "/graphql", auth=auth, body={"query": "{viewer{login}}"})
        assert reply.status == 401


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}}",
        "query",
        "{a(b:)}",
        '{a(b:"\n")}',
        "{a ...}",
        "subscription {a}",
        "query($a: Int",
        "query($a:",
        "{a(b: " + "[" * 60 + "]" * 60 + ")}",
        "{a(b: " + "{c: " * 60 + "1" + "}" * 60 + ")}",
        "{...F} fragment F on Query {...F}",
        "{...F} fragment F on Query {a {...G}} fragment G on Query {... {b {...F}}}",
        "{a}" + "{" * 100,
        "{a" * 60 + "}" * 60,
        "\x00",
    ],
)
def test_what_is_no_query_is_an_error_and_not_a_crash(api: Api, text: str) -> None:
    if text:
        with pytest.raises(QuerySyntaxError):
            parse(text)
    assert list(ask(api, text)) == ["errors"]


def test_values_of_every_kind_are_read() -> None:
    text = '{f(a: -1.5e3, b: "x\\u0041", c: [ENUM, null, {d: $v}], e: true, g: """block""")}'
    (field,) = parse(text).operations[0].selections
    arguments = dict(field.arguments)
    assert arguments.pop("c")[:2] == ["ENUM", None]
    assert arguments == {"a": -1500.0, "b": "xA", "e": True, "g": "block"}
