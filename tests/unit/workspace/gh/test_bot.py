"""Who the App is, is asked once a day, and is never a reason to fail."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitlease.model.errors import UnreachableError
from gitlease.model.exchange import Request, Response
from gitlease.model.frozen import replace
from gitlease.model.tokens import Secret
from gitlease.workspace.gh import bot
from gitlease.workspace.gh.bot import Bot
from gitlease.workspace.settings import Settings
from tests.support.parts import Clock, settings

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = Secret("ghs_one")
VIEWER = {"data": {"viewer": {"login": "acme-bot[bot]", "databaseId": 41}}}


class GraphQL:
    """A carrier to a GitHub that gives each query *answer*, or cannot be reached."""

    def __init__(self, answer: Any = VIEWER, status: int = 200) -> None:
        self.answer = answer
        self.status = status
        self.asked: list[Request] = []

    def deadline(self, limit: float | None = None) -> float:
        return limit or 10.0

    def exchange(self, request: Request, deadline: float) -> Response:
        assert deadline == bot.LIMIT
        self.asked.append(request)
        if self.answer is None:
            raise UnreachableError("no network")
        headers: Mapping[str, str] = {}
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return Response(self.status, headers, body)


@pytest.fixture
def mine(home: Path) -> Settings:
    return settings(home)


def test_github_is_asked_once_a_day(mine: Settings) -> None:
    github, clock = GraphQL(), Clock()
    for _ in range(3):
        assert bot.find(mine, TOKEN, github, clock.wall) == Bot("acme-bot[bot]", 41)
    clock.advance(86_399)
    bot.find(mine, TOKEN, github, clock.wall)
    assert len(github.asked) == 1
    clock.advance(1)
    bot.find(mine, TOKEN, github, clock.wall)
    assert len(github.asked) == 2
    [request, _] = github.asked
    assert (request.method, request.url) == ("POST", "https://api.github.com/graphql")
    assert request.headers["Authorization"] == "Bearer ghs_one"


def test_another_app_is_another_bot(mine: Settings) -> None:
    bot.find(mine, TOKEN, GraphQL())
    other = {"data": {"viewer": {"login": "other[bot]", "databaseId": 42}}}
    assert bot.find(replace(mine, app_id="2"), TOKEN, GraphQL(other)) == Bot("other[bot]", 42)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"<html>",
        [],
        {"message": "Bad credentials"},
        {"data": None},
        {"data": {"viewer": {"login": "mona", "databaseId": 1}}},
        {"data": {"viewer": {"login": "a\n[bot]", "databaseId": 1}}},
        {"data": {"viewer": {"login": "a[bot]", "databaseId": "1"}}},
        {"data": {"viewer": {"login": "a[bot]", "databaseId": True}}},
        {"data": {"viewer": {"login": "a[bot]"}}},
    ],
)
def test_without_an_answer_there_is_a_name_that_gh_accepts(mine: Settings, answer: Any) -> None:
    assert bot.find(mine, TOKEN, GraphQL(answer)) == Bot("gitlease[bot]", None)
    named = replace(mine, app_slug="acme")
    assert bot.find(named, TOKEN, GraphQL(answer)) == Bot("acme[bot]", None)
    # The next one that asks may have more luck.
    assert bot.find(mine, TOKEN, GraphQL()) == Bot("acme-bot[bot]", 41)


def test_the_setting_wins_and_for_a_login_nobody_is_asked(mine: Settings) -> None:
    github = GraphQL()
    named = replace(mine, app_slug="acme")
    assert bot.login(named, TOKEN, github) == "acme[bot]"
    assert github.asked == []
    assert bot.find(named, TOKEN, github) == Bot("acme[bot]", 41)
    assert bot.login(mine, TOKEN, github) == "acme-bot[bot]"


@pytest.mark.parametrize("noted", [b"", b"{}", b"[1]", b'{"login": "mona", "id": 1, "at": 9e9}'])
def test_a_broken_note_is_none(mine: Settings, noted: bytes) -> None:
    bot.find(mine, TOKEN, GraphQL())
    [note] = (mine.home / "run").iterdir()
    note.write_bytes(noted)
    assert bot.find(mine, TOKEN, GraphQL()) == Bot("acme-bot[bot]", 41)


@pytest.mark.parametrize(
    ("api", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://ghe.example.com/api/v3", "https://ghe.example.com/api/graphql"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
    ],
)
def test_a_server_of_ones_own_has_graphql_where_github_documents_it(api: str, graphql: str) -> None:
    assert bot.graphql_url(api) == graphql
