"""
GitHub in trouble, as a workspace sees it through the broker.

Each trouble has its status, type and `Retry-After`; what is valid is served on meanwhile, and
nothing of it is remembered for longer than the reply says.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker

# Seconds that a workspace waits for its broker, and what a noisy machine adds to them.
LIMIT, NOISE = 10.0, 4.0
CANARY = "ghs_canary0123456789"
EXPIRED = {"message": "'Expiration time' claim ('exp') is too far in the future"}
ILL, LIMITED = (503, "github-unreachable"), (503, "github-limit")
REFUSED = (403, "refused-by-github")


@dataclass(frozen=True)
class Trouble:
    """A fault, the status and type that it comes to, words of its detail, the seconds to wait."""

    fault: dict[str, Any]
    reply: tuple[int, str]
    words: str
    wait: int | None = 5
    route: str = "mint"


TROUBLE: dict[str, Trouble] = {
    "500": Trouble({"status": 500}, ILL, "GitHub answered 500"),
    "502 in HTML": Trouble({"status": 502, "body": f"<p>{CANARY}"}, ILL, "GitHub answered 502"),
    "503 for a while": Trouble({"status": 503, "retry_after": 30}, ILL, "answered 503", 30),
    "slow": Trouble({"delay": 60}, ILL, "gave no whole answer within"),
    "hung": Trouble({"hang": True}, ILL, "gave no whole answer within"),
    "no connection": Trouble({"drop": "connect"}, ILL, "cannot be reached"),
    "cut body": Trouble({"drop": "mid-body"}, ILL, "the connection was cut"),
    "garbage": Trouble({"status": 201, "body": f"<p>{CANARY}"}, ILL, "is not what its doc"),
    "secondary limit": Trouble({"secondary": True, "retry_after": 2}, LIMITED, "limit", 2),
    "429": Trouble({"status": 429, "retry_after": 2}, LIMITED, "limit", 2),
    "clock": Trouble({"status": 401, "body": EXPIRED}, (502, "clock"), "set this machine's clock"),
    "401": Trouble({"status": 401}, (502, "app-refused"), "check that the key belongs to the App"),
    "404": Trouble({"status": 404}, (404, "not-installed"), "install the App"),
    "422": Trouble({"status": 422, "body": {"message": f"no {CANARY}"}}, REFUSED, "grant"),
    "403 of a proxy": Trouble({"status": 403, "body": f"<p>{CANARY}"}, ILL, "no proxy alters"),
    "500 at the look-up": Trouble({"status": 500}, ILL, "answered 500", route="installation"),
    "429 at the look-up": Trouble(
        {"status": 429, "retry_after": 2}, LIMITED, "limit", 2, "installation"
    ),
    "404 at the look-up": Trouble(
        {"status": 404}, (404, "not-installed"), "install it there", route="installation"
    ),
}


class Fleet:
    """A broker whose workspace `steady` has a lease already, and an owner for each trouble."""

    def __init__(self, github: GitHub, broker: Broker) -> None:
        self.github = github
        self.broker = broker
        self._steady = self.workspace("steady", "steady")
        self.token = self.lease("steady", self._steady).json()["token"]

    def workspace(self, name: str, owner: str) -> dict[str, str]:
        return self.broker.workspace(name, {"owner": owner, "repositories": ["app"]})

    def lease(self, name: str, who: dict[str, str]) -> httpx2.Response:
        return self.broker.ask("GET", f"/workspaces/{name}/github-installation-token", headers=who)

    def serves_on(self) -> None:
        """Fail unless the token that was there before is handed out at once."""
        reply = self.lease("steady", self._steady)
        assert (reply.status_code, reply.json().get("token")) == (200, self.token)

    def last_record(self, name: str) -> dict[str, Any]:
        path = f"/admin/journal?workspace_id={name}&newest_first=true&limit=1"
        (record,) = self.broker.ask("GET", path, headers=self.broker.admin).json()["records"]
        return dict(record)


def owner_of(number: int) -> str:
    return f"owner{number}"


def seed(*owners: str) -> dict[str, Any]:
    return {
        "installations": [{"owner": owner} for owner in owners],
        "repositories": [{"name": f"{owner}/app"} for owner in owners],
    }


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    owners = map(owner_of, range(len(TROUBLE)))
    folder = tmp_path_factory.mktemp("trouble") / "broker"
    with (
        GitHub(seed("steady", "suspended", "removed", *owners)) as github,
        running_broker(folder, github) as broker,
    ):
        yield Fleet(github, broker)


def is_problem(reply: httpx2.Response, status: int, kind: str, words: str = "") -> None:
    """Fail unless *reply* is the problem *kind*, and a person can act on it."""
    said = reply.json()
    assert (reply.status_code, said["type"]) == (status, f"urn:gitlease:problem:{kind}"), said
    assert reply.headers["content-type"] == "application/problem+json"
    assert words in said["detail"]
    assert said["detail"].startswith(said["error"])
    assert "\n" not in said["detail"]
    assert said["request_id"] == reply.headers["x-request-id"]
    assert "token" not in said


def works_again(fleet: Fleet, name: str, who: dict[str, str]) -> None:
    """Fail unless a workspace that waits as it was told gets a token of its own."""
    reply = fleet.lease(name, who)
    if reply.status_code != 200:
        time.sleep(float(reply.headers["retry-after"]))
        reply = fleet.lease(name, who)
    assert reply.status_code == 200, reply.text
    assert reply.json()["token"] != fleet.token
    assert fleet.last_record(name)["kind"] == "lease"


@pytest.mark.parametrize("name", TROUBLE)
def test_each_trouble_has_its_reply_in_time_and_passes(fleet: Fleet, name: str) -> None:
    trouble, number = TROUBLE[name], list(TROUBLE).index(name)
    workspace = f"ws-{number}"
    who = fleet.workspace(workspace, owner_of(number))
    fleet.github.fault(trouble.route, **trouble.fault)
    try:
        began = time.monotonic()
        reply = fleet.lease(workspace, who)
        assert time.monotonic() - began < LIMIT + NOISE
        is_problem(reply, *trouble.reply, trouble.words)
        wait = reply.headers.get("retry-after")
        assert wait == (None if trouble.wait is None else str(trouble.wait))
        record = fleet.last_record(workspace)
        assert (record["kind"], record["fingerprint"]) == ("failed", None)
        fleet.serves_on()
    finally:
        fleet.github.clear_faults()
    works_again(fleet, workspace, who)
    assert CANARY not in reply.text
    assert CANARY not in fleet.broker.log.read_text()


def test_a_suspended_installation_has_a_cure_of_its_own(fleet: Fleet) -> None:
    who = fleet.workspace("ws-suspended", "suspended")
    fleet.github.suspend("suspended")
    reply = fleet.lease("ws-suspended", who)
    is_problem(reply, 403, "installation-suspended", "the owner unsuspends it")
    fleet.serves_on()
    fleet.github.unsuspend("suspended")
    works_again(fleet, "ws-suspended", who)


def test_a_removed_installation_and_one_that_never_was_are_404(fleet: Fleet) -> None:
    never = fleet.workspace("ws-never", "nobody")
    is_problem(fleet.lease("ws-never", never), 404, "not-installed", "nobody")
    who = fleet.workspace("ws-removed", "removed")
    # Found, so that its number is remembered, and then taken away.
    fleet.github.fault("mint", status=500)
    fleet.lease("ws-removed", who)
    fleet.github.clear_faults()
    fleet.github.remove_installation("removed")
    reply = fleet.lease("ws-removed", who)
    is_problem(reply, 404, "not-installed", "removed")
    assert 1 <= int(reply.headers["retry-after"]) <= 10
    fleet.serves_on()


@pytest.mark.parametrize(
    "grant",
    [
        {"repositories": ["not-there"]},
        {"repositories": ["app"], "permissions": {"administration": "write"}},
    ],
)
def test_what_the_app_itself_may_not_have_is_named_by_github(
    fleet: Fleet, grant: dict[str, Any]
) -> None:
    name = f"ws-{len(grant)}-more"
    who = fleet.broker.workspace(name, {"owner": "steady"} | grant)
    is_problem(fleet.lease(name, who), *REFUSED, "GitHub answered 422 for steady")


def test_a_clock_that_is_wrong_by_hours_is_set_by_githubs_date(tmp_path: Path) -> None:
    """The workspace sees nothing of it, and the token's life is told by the broker's clock."""
    with GitHub(seed("acme", "other")) as github:
        github.advance(7200)
        with running_broker(tmp_path / "broker", github) as broker:
            for owner in ("acme", "other"):
                who = broker.workspace(owner, {"owner": owner, "repositories": ["app"]})
                path = f"/workspaces/{owner}/github-installation-token"
                reply = broker.ask("GET", path, headers=who)
                assert reply.status_code == 200, reply.text
                assert 3500 < reply.json()["expires_in"] <= 3600
            assert github.stats()["by_status"] == {"401": 1, "200": 2, "201": 2}


def test_an_outage_is_answered_at_once_and_outlived(tmp_path: Path) -> None:
    """Soon nobody waits for GitHub; a broker that is started in it serves what the store has."""
    folder = tmp_path / "broker"
    with GitHub(seed("steady", "acme")) as github:
        with running_broker(folder, github) as broker:
            fleet = Fleet(github, broker)
            who = fleet.workspace("ws-1", "acme")
            github.fault("api", drop="connect")
            replies = [fleet.lease("ws-1", who) for _ in range(4)]
            for reply in replies:
                is_problem(reply, *ILL)
            asked = github.stats()["api_calls"]
            is_problem(fleet.lease("ws-1", who), *ILL, "is left alone")
            assert github.stats()["api_calls"] == asked
            fleet.serves_on()
            assert broker.stop() == 0
        with running_broker(folder, github) as broker:
            path = "/workspaces/steady/github-installation-token"
            who = fleet._steady
            assert broker.ask("GET", path, headers=who).json()["token"] == fleet.token
            github.clear_faults()
