"""A page of somebody else's, in the browser of whoever reaches the broker, changes nothing."""

from typing import Any

import httpx2
import pytest

from tests.flows.attack.conftest import APP
from tests.support.brokers import Broker
from tests.support.evidence import Tried

EVIL = "https://evil.example"
CROSS = {
    "Origin": EVIL,
    "Referer": f"{EVIL}/page",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "no-cors",
    "Cookie": "session=1; auth_token=1; Authorization=Bearer%20x",
}
# What a page can have sent without asking the broker first (the Fetch standard's safelist).
SIMPLE = {
    "a text": ("text/plain", '{"id": "ws-evil"}'),
    "a text with a charset": ("text/plain; charset=utf-8", '{"id": "ws-evil"}'),
    "a form": ("application/x-www-form-urlencoded", "id=ws-evil"),
    "JSON in a form": ("application/x-www-form-urlencoded", '{"id": "ws-evil"}'),
    "a form's parts": (
        "multipart/form-data; boundary=x",
        '--x\r\nContent-Disposition: form-data; name="id"\r\n\r\nws-evil\r\n--x--\r\n',
    ),
    "nothing said": (None, '{"id": "ws-evil"}'),
    "JSON after a text": ("text/plain, application/json", '{"id": "ws-evil"}'),
    "JSON as a parameter": ("text/plain; x=application/json", '{"id": "ws-evil"}'),
    "msgpack": ("application/x-msgpack", "\x81\xa2id\xa7ws-evil"),
    "JSON lines": ("application/jsonl", '{"id": "ws-evil"}'),
}
CHANGING: list[tuple[str, str, Any]] = [
    ("POST", "/registry/register", {"id": "ws-evil"}),
    ("POST", "/workspaces/mine/tokens", None),
    ("DELETE", "/workspaces/mine/tokens/0123456789abcdef", None),
    ("POST", "/workspaces/mine/rejected-tokens", {"fingerprint": "A" * 43 + "="}),
    ("POST", "/admin/workspaces", {"id": "ws-evil"}),
    ("PATCH", "/admin/workspaces/mine", {"grants": []}),
    ("DELETE", "/admin/workspaces/mine", None),
]


@pytest.fixture(scope="module")
def mine(broker: Broker) -> dict[str, str]:
    return broker.workspace("mine", APP)


def allows_nobody(reply: httpx2.Response) -> None:
    """Fail if the reply lets another page read it, or keeps something in a browser."""
    for name in reply.headers:
        assert not name.lower().startswith("access-control-"), name
        assert name.lower() != "set-cookie"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("method", "path", "body"), CHANGING)
def test_without_a_bearer_nothing_is_changed_whoever_asks(
    broker: Broker, mine: dict[str, str], method: str, path: str, body: Any
) -> None:
    reply = broker.ask(method, path, headers=CROSS, json=body)
    assert reply.status_code == 401
    allows_nobody(reply)
    assert broker.ask("GET", "/workspaces/mine/tokens", headers=mine).status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), CHANGING)
def test_no_page_is_told_that_it_may_ask(broker: Broker, method: str, path: str, body: Any) -> None:
    asked = {
        "Origin": EVIL,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
        "Access-Control-Request-Private-Network": "true",
    }
    del body
    allows_nobody(broker.ask("OPTIONS", path, headers=asked))


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("path", ["/registry/register", "/admin/workspaces"])
def test_only_what_says_that_it_is_json_is_read(
    broker: Broker, name: str, path: str, tried: Tried
) -> None:
    """Even with a bearer, so that no page gets far with one that it has found."""
    media, body = SIMPLE[name]
    said = {} if media is None else {"Content-Type": media}
    reply = broker.ask("POST", path, headers=broker.admin | CROSS | said, content=body)
    assert (reply.status_code, reply.json()["type"]) == (415, "urn:gitlease:problem:media-type")
    allows_nobody(reply)
    assert broker.ask("GET", "/admin/workspaces/ws-evil", headers=broker.admin).status_code == 404
    tried("requests of other origins", 1)


def test_json_is_json_however_it_is_written(broker: Broker) -> None:
    for number, media in enumerate(("application/json; charset=utf-8", "Application/JSON")):
        said = broker.admin | {"Content-Type": media}
        content = f'{{"id": "ws-json-{number}"}}'
        reply = broker.ask("POST", "/admin/workspaces", headers=said, content=content)
        assert reply.status_code == 201


def test_no_answer_depends_on_where_the_page_is_from(broker: Broker, mine: dict[str, str]) -> None:
    path = "/workspaces/mine/github-installation-token"
    for more in ({}, CROSS, {"Origin": "null"}, {"Origin": broker.url}):
        reply = broker.ask("GET", path, headers=mine | more)
        assert reply.status_code == 200
        allows_nobody(reply)
