"""Who may do what: every caller at every route, and nothing that the description does not say."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import jsonschema
import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support.brokers import Broker, bearer, running_broker

APP = {"owner": "acme", "repositories": ["app"]}
OTHER = {"owner": "other", "repositories": "ALL"}
REJECTED = {"fingerprint": fingerprint("of nobody's token")}

# Route: (method, path as described, body, who gets in and what he is answered).
# {id} is "mine"; everybody else than those named is answered 401.
ANYONE = ("nobody", "garbage", "revoked", "enrolment", "theirs", "mine", "admin")
MINE, ADMIN = {"mine": 200}, {"admin": 200}
ROUTES: list[tuple[str, str, Any, dict[str, int]]] = [
    ("GET", "/workspaces/{workspace_id}/github-installation-token", None, MINE),
    ("GET", "/admin/github-installation-token", None, ADMIN),
    ("POST", "/workspaces/{workspace_id}/rejected-tokens", REJECTED, MINE),
    ("POST", "/registry/register", {"id": "mine"}, {"mine": 200, "enrolment": 200}),
    ("GET", "/workspaces/{workspace_id}/tokens", None, MINE | ADMIN),
    ("POST", "/workspaces/{workspace_id}/tokens", None, {"mine": 201, "admin": 201}),
    ("DELETE", "/workspaces/{workspace_id}/tokens/{token_id}", None, {"mine": 404, "admin": 404}),
    ("GET", "/admin/workspaces", None, ADMIN),
    ("POST", "/admin/workspaces", {"id": "mine"}, {"admin": 409}),
    ("GET", "/admin/workspaces/{workspace_id}", None, ADMIN),
    ("PATCH", "/admin/workspaces/{workspace_id}", {"grants": [APP]}, ADMIN),
    ("DELETE", "/admin/workspaces/{workspace_id}", None, {"admin": 404}),
    ("GET", "/admin/journal", None, ADMIN),
    ("GET", "/healthz", None, dict.fromkeys(ANYONE, 200)),
    ("GET", "/readyz", None, dict.fromkeys(ANYONE, 200)),
    ("GET", "/metrics", None, dict.fromkeys(ANYONE, 200)),
]


class Town:
    """A broker with two workspaces, and the headers of everyone who may knock."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        mine, theirs = broker.workspace("mine", APP), broker.workspace("theirs", OTHER)
        made = broker.ask("POST", "/workspaces/mine/tokens", headers=broker.admin).json()
        path = f"/workspaces/mine/tokens/{made['id']}"
        assert broker.ask("DELETE", path, headers=broker.admin).status_code == 204
        self.callers = {
            "nobody": {},
            "garbage": bearer("glw_" + "x" * 43),
            "revoked": bearer(made["auth_token"]),
            "enrolment": bearer(broker.manage("enrolment", "create").strip()),
            "theirs": theirs,
            "mine": mine,
            "admin": broker.admin,
        }
        self.description = broker.ask("GET", "/openapi.json").json()

    def ask(self, who: str, method: str, path: str, body: Any) -> httpx2.Response:
        name = (
            "gone" if (method, path) == ("DELETE", "/admin/workspaces/{workspace_id}") else "mine"
        )
        real = path.format(workspace_id=name, token_id="0123456789abcdef")
        more = {} if body is None else {"json": body}
        return self.broker.ask(method, real, headers=self.callers[who], **more)

    def is_described(self, reply: httpx2.Response, method: str, path: str) -> None:
        """Fail unless the description has this reply's status, media type and shape."""
        said = self.description["paths"][path][method.lower()]["responses"]
        assert str(reply.status_code) in said
        content = said[str(reply.status_code)].get("content", {})
        if not reply.content:
            return
        media = reply.headers["content-type"].partition(";")[0]
        assert media in content
        if media.endswith("json"):
            schema = content[media]["schema"] | {"components": self.description["components"]}
            jsonschema.validate(reply.json(), schema)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with (
        GitHub() as github,
        running_broker(tmp_path_factory.mktemp("broker"), github) as broker,
    ):
        yield Town(broker)


def test_every_route_that_is_described_is_in_the_table(town: Town) -> None:
    described = {
        (method.upper(), path)
        for path, item in town.description["paths"].items()
        for method in item
    }
    assert {(method, path) for method, path, _, _ in ROUTES} == described


@pytest.mark.parametrize(("method", "path", "body", "lets_in"), ROUTES)
@pytest.mark.parametrize("who", ANYONE)
def test_who_may_do_what(
    town: Town, who: str, method: str, path: str, body: Any, lets_in: dict[str, int]
) -> None:
    reply = town.ask(who, method, path, body)
    assert reply.status_code == lets_in.get(who, 401)
    town.is_described(reply, method, path)
    if reply.status_code == 401:
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert reply.json()["type"] in {
            "urn:gitlease:problem:unauthenticated",
            "urn:gitlease:problem:not-enrolled",
        }


def test_a_refusal_never_says_which_half_was_wrong(town: Town) -> None:
    """Another's workspace, one that is not there, a dead bearer, a made-up one: all one reply."""
    said = set()
    for who in ("garbage", "revoked", "theirs", "nobody"):
        for name in ("mine", "not-there"):
            path = f"/workspaces/{name}/github-installation-token?min_ttl=x&owner=%00"
            reply = town.broker.ask("GET", path, headers=town.callers[who])
            body = reply.json()
            body.pop("request_id")
            said.add((reply.status_code, json.dumps(body)))
    assert len(said) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/workspaces/mine/github-installation-token?min_ttl=-1", None),
        ("GET", "/workspaces/mine/github-installation-token?min_ttl=1e3", None),
        ("GET", "/workspaces/mine/github-installation-token?owner=acme&owner=other", None),
        ("GET", "/workspaces/mine/github-installation-token?owner=", None),
        ("GET", "/workspaces/mine/github-installation-token?repo=a/b/c", None),
        ("POST", "/workspaces/mine/rejected-tokens", {"fingerprint": "ghs_token"}),
        ("POST", "/workspaces/mine/rejected-tokens", {}),
        ("POST", "/workspaces/mine/rejected-tokens", None),
        ("POST", "/admin/workspaces", {"id": "a/b"}),
        ("POST", "/admin/workspaces", {"id": "new", "grants": [{"owner": "acme"}]}),
        ("POST", "/admin/workspaces", {"id": "new", "grants": [APP | {"repositories": []}]}),
        ("POST", "/admin/workspaces", {"id": "new", "grants": [APP | {"more": 1}]}),
        ("PATCH", "/admin/workspaces/mine", {}),
        ("GET", "/admin/workspaces?limit=0", None),
        ("GET", "/admin/journal?kind=x", None),
        ("GET", "/admin/journal?after=99999999999999999999", None),
        ("GET", "/admin/journal?since=nan", None),
        ("GET", "/admin/journal?workspace_id=%00", None),
        ("GET", "/admin/workspaces?after=%00", None),
    ],
)
def test_what_has_no_form_is_refused_as_422(town: Town, method: str, path: str, body: Any) -> None:
    who = "admin" if path.startswith("/admin") else "mine"
    more = {} if body is None else {"json": body}
    reply = town.broker.ask(method, path, headers=town.callers[who], **more)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert "ghs_token" not in reply.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/", 404),
        ("PUT", "/healthz", 405),
        ("GET", "/registry/register", 405),
        ("HEAD", "/workspaces/mine/github-installation-token", 405),
        ("GET", "/admin/workspaces/%00", 404),
        ("GET", "/workspaces/%FF/tokens", 404),
        ("GET", "/workspaces/%ED%A0%80/github-installation-token", 401),
        ("DELETE", "/workspaces/mine/tokens/%00", 404),
        ("GET", "/workspaces//github-installation-token", 404),
    ],
)
def test_the_frameworks_own_refusals_are_problems_too(
    town: Town, method: str, path: str, status: int
) -> None:
    reply = town.broker.ask(method, path, headers=town.broker.admin)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-request-id"]


def test_a_callers_own_request_id_is_kept_if_it_is_harmless(town: Town) -> None:
    for given, is_kept in (("0123-abcd", True), ("short", False), ("x" * 65, False)):
        reply = town.broker.ask("GET", "/healthz", headers={"X-Request-Id": given})
        assert (reply.headers["x-request-id"] == given) == is_kept


@pytest.mark.parametrize("word", ["workspace_id=theirs", "request=x", "self=x", "id=theirs&also=1"])
def test_a_query_says_nothing_but_what_is_described(town: Town, word: str) -> None:
    """Above all not which workspace asks: that stands in the path alone."""
    path = f"/workspaces/mine/github-installation-token?{word}"
    lease = town.broker.ask("GET", path, headers=town.callers["mine"])
    assert (lease.status_code, lease.json()["owner"]) == (200, "acme")
    assert town.broker.ask("GET", path, headers=town.callers["theirs"]).status_code == 401


def test_two_authorization_headers_open_no_door(town: Town) -> None:
    value = town.broker.admin["Authorization"]
    reply = town.broker.ask(
        "GET", "/admin/workspaces", headers=[("Authorization", value), ("Authorization", value)]
    )
    assert reply.status_code == 401
