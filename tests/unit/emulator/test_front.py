"""Every exchange is counted and remembered, and nothing that is remembered is a secret."""

import json

import pytest
from starlette.responses import JSONResponse

from gitlease.emulator.faults import Fault, Faults
from gitlease.emulator.front import Front
from gitlease.emulator.rest import create_api
from gitlease.emulator.stats import Stats
from gitlease.emulator.world import World
from tests.unit.emulator.worlds import Reply, app_jwt, ask, new_token, new_world

AGENT = {"host": "api.github.com", "user-agent": "tests"}


@pytest.fixture
def world() -> World:
    return new_world()


@pytest.fixture
def front(world: World) -> Front:
    git = JSONResponse({"this": "is git"})
    api = create_api(world)
    return Front(
        world, api=api, git=git, faults=Faults(), stats=Stats(), cut=lambda _scope, _at_once: None
    )


def mint(front: Front, body: bytes = b"") -> Reply:
    headers = {**AGENT, "authorization": f"Bearer {app_jwt(front.world)}"}
    return ask(front, "POST", "/app/installations/10/access_tokens", "", headers, body)


def test_mints_calls_and_git_requests_are_counted(front: Front) -> None:
    mint(front)
    mint(front, b'{"repositories": ["nothing"]}')
    ask(front, "GET", "/acme/app.git/info/refs", "", {**AGENT, "host": "github.com"}, b"")
    report = front.stats.report()
    assert (report["mints"], report["api_calls"], report["git_requests"]) == (1, 2, 1)
    assert report["by_status"] == {"200": 1, "201": 1, "422": 1}
    assert report["concurrent"] == 0
    assert report["concurrent_max"] == 1
    assert report["errors"] == []


def test_requests_are_remembered_without_what_they_authenticated_with(
    front: Front, world: World
) -> None:
    reply = mint(front, b'{"repositories": ["app"]}')
    (remembered,) = front.stats.requests
    assert remembered["json"] == {"repositories": ["app"]}
    assert remembered["status"] == 201
    assert "authorization" not in remembered["headers"]
    assert reply.json["token"] not in json.dumps([front.stats.report(), remembered])
    assert world.tokens.known


def test_every_reply_has_a_date_by_the_worlds_clock_and_a_request_id(
    front: Front, world: World
) -> None:
    world.clock.offset = 1577836800 - world.clock.now()
    world.settings = world.settings.changed({"date_skew": 3600})
    reply = ask(front, "GET", "/meta", "", AGENT, b"")
    assert reply.headers["date"].startswith("Wed, 01 Jan 2020 01:00:0")
    assert len(reply.headers["x-github-request-id"].split(":")) == 5


@pytest.mark.parametrize(
    ("what", "status", "message", "retry_after"),
    [
        ({"status": 502}, 502, "Server Error", None),
        ({"status": 401}, 401, "Bad credentials", None),
        ({"status": 429}, 429, "You have exceeded a secondary rate limit.", None),
        ({"status": 429, "retry_after": 7}, 429, "You have exceeded", "7"),
        ({"secondary": True}, 403, "You have exceeded a secondary rate limit.", "60"),
        ({"secondary": True, "status": 429}, 429, "You have exceeded", "60"),
    ],
)
def test_a_fault_answers_with_what_github_would_say(
    front: Front, what: dict[str, object], status: int, message: str, retry_after: str | None
) -> None:
    front.faults.add(Fault.parse({"route": "mint", **what}))
    reply = mint(front)
    assert reply.status == status
    assert reply.json["message"].startswith(message)
    assert reply.headers.get("retry-after") == retry_after
    assert front.stats.report()["mints"] == 0


def test_a_fault_on_git_speaks_gits_language(front: Front) -> None:
    front.faults.add(Fault.parse({"route": "git", "status": 401}))
    headers = {**AGENT, "host": "github.com"}
    reply = ask(front, "GET", "/acme/app.git/info/refs", "", headers, b"")
    assert reply.headers["www-authenticate"] == 'Basic realm="GitHub"'
    assert reply.body.startswith(b"Invalid username or token.")


def test_a_fault_may_bring_its_own_body_and_headers(front: Front) -> None:
    fault = {"route": "api", "status": 503, "body": {"odd": 1}, "headers": {"X-Odd": "yes"}}
    front.faults.add(Fault.parse(fault))
    reply = mint(front)
    assert (reply.status, reply.json, reply.headers["x-odd"]) == (503, {"odd": 1}, "yes")


def test_a_fault_may_revoke_the_token_that_is_shown(front: Front, world: World) -> None:
    front.faults.add(Fault.parse({"route": "api", "revoke": True, "count": 1}))
    headers = {**AGENT, "authorization": f"Bearer {new_token(world)}"}
    assert ask(front, "GET", "/repos/acme/app", "", headers, b"").status == 401
    assert world.tokens.revoke_all() == 0


def test_a_bug_is_a_500_that_is_named_without_its_words(front: Front) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("ghs_secret")

    front.hosts["api.github.com"] = broken
    reply = ask(front, "GET", "/meta", "", AGENT, b"")
    assert reply.status == 500
    (error,) = front.stats.report()["errors"]
    assert error.startswith("RuntimeError at ")
    assert "ghs_secret" not in error
