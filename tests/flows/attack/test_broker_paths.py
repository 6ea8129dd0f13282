"""Names of workspaces that mean something else to a path, a file system, a shell or a database."""

import json
import re
from urllib.parse import quote, unquote

import pytest

from tests.flows.attack.conftest import APP
from tests.support.brokers import Broker
from tests.support.evidence import Tried
from tests.support.raw_http import head, say

# As they stand in a path, byte by byte; none of them may come to mean the workspace `ws-1`.
WRITTEN = [
    "..",
    ".",
    "%2e%2e",
    "%2e",
    "%252e%252e",
    "..%2fws-1",
    "%2e%2e%2fws-1",
    "ws-1%2f..%2fws-1",
    "..%5cws-1",
    "x/../ws-1",
    "./ws-1",
    "ws-1/.",
    "ws-1/..",
    "ws-1%00",
    "%00ws-1",
    "ws-1%00.json",
    "ws-1%0a",
    "ws-1%0d%0aX-Evil:%201",
    "ws-1%20",
    "%20ws-1",
    "ws-1+",
    "ws-1%2b",
    "ws-1.",
    "ws-1..",
    "ws-1;",
    "ws-1;x=y",
    "ws-1%3b",
    "ws-1%23",
    "ws-1%3f",
    "ws-1%26",
    "ws-1,ws-2",
    "ws-1%2Cws-2",
    "WS-1",
    "Ws-1",
    "ws%2D1%2D",
    "ws-%31%20",
    "ws_1",
    "ws-1%2525",
    "ws%u002d1",
    "ws-1%c0%af",
    "ws-1%ff",
    "%ef%bd%97s-1",
    "ws%e2%80%901",
    "ws%e2%88%921",
    "ws-%c2%b9",
    "ws-%ef%bc%91",
    "ws-1%cc%81",
    "ws-1%e2%80%8b",
    "%e2%80%aews-1",
    "ws-1%ed%a0%80",
    "ws-1%",
    "ws-1%2",
    "ws-1%zz",
    "*",
    "%25",
    "_",
    "ws-_",
    "~root",
    "$HOME",
    "-rf",
    "'ws-1'",
    '"ws-1"',
    "{workspace_id}",
    "ws-1" + "a" * 200,
    "a" * 128,
    "a" * 129,
    "a" * 10_000,
    "%61" * 4000,
]
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
SUFFIXES = ("/github-installation-token", "/tokens")


@pytest.fixture(scope="module")
def mine(broker: Broker) -> dict[str, str]:
    """Create the workspace that is meant by none of the names, and one with nothing."""
    broker.workspace("ws-2")
    return broker.workspace("ws-1", APP)


def ask(broker: Broker, path: str, who: dict[str, str], method: str = "GET") -> int:
    data = head(method, path, who | {"Connection": "close"})
    (status,) = say(broker, data, replies=9).statuses
    return status


def test_no_other_spelling_is_a_way_in(broker: Broker, mine: dict[str, str], tried: Tried) -> None:
    refused, count = {400, 401, 404}, 0
    for name in WRITTEN:
        for suffix in SUFFIXES:
            assert ask(broker, f"/workspaces/{name}{suffix}", mine) in refused, name
            count += 1
        if PLAIN.fullmatch(unquote(name)):
            continue  # the operator may have made a workspace of that name
        path = f"/admin/workspaces/{name}"
        assert ask(broker, f"/workspaces/{name}/tokens", broker.admin) in refused, name
        assert ask(broker, path, broker.admin) in refused | {405}, name
        assert ask(broker, path, broker.admin, "DELETE") in refused | {405}, name
        count += 3
    for suffix in SUFFIXES:
        assert ask(broker, f"/workspaces/ws-1{suffix}", mine) == 200
    tried("names of workspaces in paths", count)


def test_no_such_name_is_made(broker: Broker) -> None:
    """Nor in a body, where nothing is decoded; what is made can be named in a path again."""
    names = [name for name in WRITTEN if name not in {"WS-1", "Ws-1", "ws_1", "ws-1.", "ws-1.."}]
    names += [
        "",
        "ws 1",
        "ws\u20101",
        "\uff57s-1",
        "ws-1\n",
        "\tws-1",
        "ws-1\0",
        "é",
        "e\u0301",
        "İ",
        "ß",
    ]
    secret = broker.manage("enrolment", "create").strip()
    enrol = {"Authorization": f"Bearer {secret}"}
    for name in names:
        said = json.dumps({"id": name})
        for path, who in (("/admin/workspaces", broker.admin), ("/registry/register", enrol)):
            more = who | {"Content-Type": "application/json"}
            reply = broker.ask("POST", path, headers=more, content=said)
            allowed = {201, 200, 409} if PLAIN.fullmatch(name) else {422}
            assert reply.status_code in allowed, name
    page = broker.ask("GET", "/admin/workspaces?limit=1000", headers=broker.admin).json()
    for row in page["workspaces"]:
        assert quote(row["id"], safe="") == row["id"]
        assert ask(broker, f"/admin/workspaces/{row['id']}", broker.admin) == 200


def test_case_and_dots_make_different_workspaces(broker: Broker, mine: dict[str, str]) -> None:
    """They are compared byte by byte: what differs anywhere is somebody else."""
    for name in ("WS-1", "ws_1", "ws-1.", "ws-1..", "ws-1-"):
        theirs = broker.workspace(name)
        assert ask(broker, f"/workspaces/{name}/tokens", mine) == 401
        assert ask(broker, "/workspaces/ws-1/tokens", theirs) == 401
        assert ask(broker, f"/workspaces/{name}/tokens", theirs) == 200


@pytest.mark.parametrize(
    "path",
    ["//admin/workspaces", "/admin//workspaces", "/%61dmin/workspaces", "/admin/workspaces/"],
)
def test_another_spelling_of_a_route_has_the_same_door(
    broker: Broker, mine: dict[str, str], path: str
) -> None:
    """What a proxy in front lets through by its spelling still needs the operator's bearer."""
    assert ask(broker, path, mine) == 401
    assert ask(broker, path, {}) == 401
