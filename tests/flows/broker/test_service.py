"""The broker as its operator and its workspaces meet it: a process, a database, a GitHub."""

import concurrent.futures
import json
import re
import stat
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support.brokers import GITLEASE, Broker, bearer, broker_env, running_broker

APP = {"owner": "acme", "repositories": ["app"]}
ROUTE = "/workspaces/{}/github-installation-token"


def lease(broker: Broker, name: str, who: dict[str, str], query: str = "") -> Any:
    return broker.ask("GET", ROUTE.format(name) + query, headers=who)


def test_a_workspace_gets_a_token_of_just_its_scope(broker: Broker, github: GitHub) -> None:
    grant = APP | {"permissions": {"contents": "read"}}
    who = broker.workspace("ws-1", grant)
    reply = lease(broker, "ws-1", who)
    assert reply.status_code == 200
    said = reply.json()
    assert said | {"token": "", "expires_at": "", "expires_in": 0} == {
        "token": "",
        "expires_at": "",
        "expires_in": 0,
        "username": "x-access-token",
        "owner": "acme",
        "repositories": ["app"],
        "permissions": {"contents": "read"},
        "app": github.client_id,
        "lifetime": 3600,
    }
    assert 3500 < said["expires_in"] <= 3600
    assert datetime.fromisoformat(said["expires_at"]).timestamp() > time.time() + 3500
    assert reply.headers["cache-control"] == "no-store"
    assert lease(broker, "ws-1", who, "?owner=Acme&repo=App").json()["token"]
    assert github.stats()["mints"] == 1


def test_the_admin_token_is_made_once_for_the_operator_alone(broker: Broker) -> None:
    file = broker.admin_token_file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert broker.ask("GET", "/admin/workspaces", headers=broker.admin).status_code == 200


def test_the_older_platforms_two_fields_and_refusals_hold(broker: Broker) -> None:
    who = broker.workspace("ws-1", APP)
    assert {"token", "expires_at"} <= set(lease(broker, "ws-1", who).json())
    path = "/admin/github-installation-token"
    assert broker.ask("GET", path, headers=who).status_code == 401
    assert {"token", "expires_at"} <= set(broker.ask("GET", path, headers=broker.admin).json())


def test_without_an_app_there_is_nothing_to_have(tmp_path: Path) -> None:
    with running_broker(tmp_path) as broker:
        who = broker.workspace("ws-1", APP)
        reply = lease(broker, "ws-1", who)
        assert (reply.status_code, reply.json()["type"]) == (404, "urn:gitlease:problem:no-app")
        path = "/admin/github-installation-token"
        assert broker.ask("GET", path, headers=broker.admin).status_code == 404


def test_a_request_beyond_the_grants_is_told_which_is_missing(broker: Broker) -> None:
    who = broker.workspace("ws-1", APP)
    reply = lease(broker, "ws-1", who, "?owner=acme&repo=secret")
    said = reply.json()
    assert reply.status_code == 403
    assert reply.headers["content-type"] == "application/problem+json"
    assert said["missing"] == {"owner": "acme", "repositories": ["secret"]}
    assert said["request_id"] == reply.headers["x-request-id"]
    assert "acme/secret" in said["error"]
    page = broker.ask("GET", "/admin/journal?kind=refusal", headers=broker.admin).json()
    assert [one["workspace_id"] for one in page["records"]] == ["ws-1"]


def test_a_workspace_without_grants_may_ask_for_nothing(broker: Broker, github: GitHub) -> None:
    who = broker.workspace("ws-1")
    assert lease(broker, "ws-1", who).status_code == 403
    assert github.stats()["mints"] == 0


def test_a_quota_ends_in_429_with_a_time_to_wait(broker: Broker) -> None:
    who = broker.workspace("ws-1", APP | {"max_per_hour": 2})
    replies = [lease(broker, "ws-1", who) for _ in range(3)]
    assert [one.status_code for one in replies] == [200, 200, 429]
    assert 0 < int(replies[2].headers["retry-after"]) <= 3600


def test_a_quota_is_of_one_grant_and_of_tokens_that_came(broker: Broker, github: GitHub) -> None:
    """An hour in which GitHub was away, or another grant's leases, do not use it up."""
    lib = {"owner": "acme", "repositories": ["lib"], "max_per_hour": 3}
    who = broker.workspace("ws-1", APP | {"max_per_hour": 1}, lib)
    github.fault("mint", status=500, count=3)
    seen = [lease(broker, "ws-1", who, "?repo=app").status_code for _ in range(3)]
    assert seen == [503, 200, 429]
    seen = [lease(broker, "ws-1", who, "?repo=lib").status_code for _ in range(4)]
    assert seen == [200, 200, 200, 429]


def test_a_revoked_bearer_is_dead_at_once(broker: Broker) -> None:
    who = broker.workspace("ws-1", APP)
    assert lease(broker, "ws-1", who).status_code == 200
    path = "/workspaces/ws-1/tokens"
    (known,) = broker.ask("GET", path, headers=who).json()["tokens"]
    assert broker.ask("DELETE", f"{path}/{known['id']}", headers=who).status_code == 204
    assert lease(broker, "ws-1", who).status_code == 401


def test_a_removed_workspace_loses_its_bearers_and_tokens(broker: Broker) -> None:
    alone, both = broker.workspace("ws-1", APP), broker.workspace("ws-2", APP)
    lease(broker, "ws-1", alone)
    lease(broker, "ws-2", both)
    removed = broker.ask("DELETE", "/admin/workspaces/ws-1", headers=broker.admin).json()
    assert removed == {"bearers": 1, "tokens": 0}
    assert lease(broker, "ws-1", alone).status_code == 401
    assert lease(broker, "ws-2", both).status_code == 200
    removed = broker.ask("DELETE", "/admin/workspaces/ws-2", headers=broker.admin).json()
    assert removed == {"bearers": 1, "tokens": 1}


def test_a_rejected_token_is_replaced_and_only_its_holder_may_reject_it(
    broker: Broker, github: GitHub
) -> None:
    who, other = broker.workspace("ws-1", APP), broker.workspace("ws-2", APP)
    token = lease(broker, "ws-1", who).json()["token"]
    said = {"fingerprint": fingerprint(token)}
    path = "/workspaces/{}/rejected-tokens"
    stranger = broker.ask("POST", path.format("ws-2"), headers=other, json=said)
    assert stranger.json() == {"dropped": False}
    assert lease(broker, "ws-2", other).json()["token"] == token
    dropped = broker.ask("POST", path.format("ws-1"), headers=who, json=said)
    assert (dropped.status_code, dropped.json()) == (200, {"dropped": True})
    assert lease(broker, "ws-1", who).json()["token"] != token
    assert github.stats()["mints"] == 2


def test_a_workspace_that_rejects_all_it_gets_takes_nothing_from_its_neighbours(
    broker: Broker, github: GitHub
) -> None:
    """GitHub is asked before a second token in a row is dropped; one that is dead goes at once."""
    greedy, neighbour = broker.workspace("ws-1", APP), broker.workspace("ws-2", APP)
    path = "/workspaces/ws-1/rejected-tokens"

    def rejected() -> bool:
        token = lease(broker, "ws-1", greedy).json()["token"]
        said = {"fingerprint": fingerprint(token)}
        return bool(broker.ask("POST", path, headers=greedy, json=said).json()["dropped"])

    assert rejected()
    kept = lease(broker, "ws-2", neighbour).json()["token"]
    assert [rejected() for _ in range(80)] == [False] * 80
    assert lease(broker, "ws-2", neighbour).json()["token"] == kept
    assert github.stats()["mints"] == 2
    said = broker.ask("GET", "/admin/journal?kind=rejection&limit=1000", headers=broker.admin)
    reasons = [record["reason"] for record in said.json()["records"]]
    assert (reasons.count("dropped"), set(reasons)) == (1, {"dropped", "GitHub takes it"})
    # It is said in a loop, and fills no journal.
    assert len(reasons) <= 1 + 60


def test_the_journal_names_who_held_a_fingerprint(broker: Broker) -> None:
    who = broker.workspace("ws-1", APP)
    token = lease(broker, "ws-1", who).json()["token"]
    said = broker.manage("journal", "--fingerprint", fingerprint(token), "--json")
    (record,) = json.loads(said)
    assert (record["kind"], record["workspace_id"]) == ("lease", "ws-1")
    broker.manage("journal", "--fingerprint", fingerprint("another"), code=1)


def test_what_is_revoked_from_a_shell_is_dead_in_the_running_broker(broker: Broker) -> None:
    who = broker.workspace("ws-1", APP)
    assert lease(broker, "ws-1", who).status_code == 200
    (known,) = json.loads(broker.manage("token", "list", "ws-1", "--json"))
    broker.manage("token", "revoke", "ws-1", known["id"])
    limit = time.monotonic() + 1.0
    while time.monotonic() < limit:
        lease(broker, "ws-1", who)
    assert lease(broker, "ws-1", who).status_code == 401


def test_registration_hands_a_bearer_out_once(broker: Broker) -> None:
    secret = broker.manage("enrolment", "create", "--uses", "2").strip()
    path = "/registry/register"
    assert broker.ask("POST", path, json={"id": "ws-1"}).status_code == 401
    assert (
        broker.ask("POST", path, json={"id": "ws-1"}, headers=bearer("x" * 40)).status_code == 401
    )
    first = broker.ask("POST", path, json={"id": "ws-1", "x": 1}, headers=bearer(secret)).json()
    assert set(first) == {"status", "auth_token"}
    again = broker.ask("POST", path, json={"workspace_id": "ws-1"}, headers=bearer(secret))
    assert again.json() == {"status": "registered"}
    live = broker.ask("POST", path, json={"id": "ws-1"}, headers=bearer(first["auth_token"]))
    assert live.json() == {"status": "registered"}
    # Only what gave a bearer has used the secret.
    ids = ("ws-2", "ws-3")
    said = [broker.ask("POST", path, json={"id": one}, headers=bearer(secret)) for one in ids]
    assert [one.status_code for one in said] == [200, 401]


def test_open_enrolment_lets_anyone_register_and_warns(tmp_path: Path, github: GitHub) -> None:
    with running_broker(tmp_path, github, GITLEASE_BROKER_OPEN_ENROLMENT="true") as broker:
        said = broker.ask("POST", "/registry/register", json={"id": "ws-9"}).json()
        assert said["status"] == "registered"
        assert "auth_token" in said
        again = broker.ask("POST", "/registry/register", json={"id": "ws-9"}).json()
        assert again == {"status": "registered"}
        assert "open enrolment: workspace ws-9" in broker.log.read_text()


def test_an_operator_manages_from_a_shell(broker: Broker) -> None:
    broker.manage("workspace", "add", "ws-1", "--owner", "acme", "--repo", "app")
    secret = broker.manage("token", "create", "ws-1").strip()
    assert lease(broker, "ws-1", bearer(secret)).status_code == 200
    broker.manage("workspace", "grant", "ws-1", "--owner", "nobody", "--all")
    assert "nobody" in broker.manage("check", code=1)
    broker.manage("workspace", "revoke", "ws-1", "--owner", "nobody")
    assert "BAD" not in broker.manage("check")
    more = ("--owner", "acme", "--repo", "lib", "--permission", "administration=admin")
    broker.manage("workspace", "grant", "ws-1", *more)
    assert "fewer permissions" in broker.manage("check", code=1)
    broker.manage("workspace", "revoke", "ws-1", "--owner", "acme", "--repo", "lib")
    (row,) = json.loads(broker.manage("workspace", "list", "--json"))
    assert row["grants"][0]["repositories"] == ["app"]
    assert "1 token sealed" in broker.manage("keys", "rotate")
    broker.manage("workspace", "remove", "ws-1")
    assert lease(broker, "ws-1", bearer(secret)).status_code == 401


def test_no_secret_is_in_the_database_or_the_log(broker: Broker) -> None:
    who = broker.workspace("ws-1", APP)
    token = lease(broker, "ws-1", who).json()["token"]
    lease(broker, "ws-2", who)
    enrolment = broker.manage("enrolment", "create").strip()
    canaries = [token, who["Authorization"].split()[1], enrolment]
    limits = Path(f"/proc/{broker.process.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 ", limits)
    folder = broker.admin_token_file.parent
    assert broker.stop() == 0
    kept = {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name != "admin-token"
    }
    assert {"broker.sqlite", "log"} <= set(kept)
    for name, content in kept.items():
        for canary in canaries:
            assert canary.encode() not in content, name


def test_sigterm_lets_a_running_request_end(broker: Broker, github: GitHub) -> None:
    who = broker.workspace("ws-1", APP)
    github.fault("mint", delay=1.5)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(lease, broker, "ws-1", who)
        limit = time.monotonic() + 10
        while not _minting(broker) and time.monotonic() < limit:
            time.sleep(0.02)
        assert broker.stop() == 0
        assert running.result(20).status_code == 200


def _minting(broker: Broker) -> bool:
    page = broker.ask("GET", "/admin/journal?kind=intent", headers=broker.admin)
    return bool(page.json()["records"])


def test_workers_share_the_store_and_what_is_revoked(tmp_path: Path, github: GitHub) -> None:
    with running_broker(tmp_path, github, GITLEASE_BROKER_WORKERS="2") as broker:
        who = broker.workspace("ws-1", APP)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: lease(broker, "ws-1", who), range(64)))
        assert {one.status_code for one in replies} == {200}
        assert github.stats()["mints"] == 1
        broker.manage("workspace", "remove", "ws-1")
        limit = time.monotonic() + 1.0
        while time.monotonic() < limit:
            lease(broker, "ws-1", who)
        assert {lease(broker, "ws-1", who).status_code for _ in range(32)} == {401}
        assert "gitlease_leases_total" in broker.ask("GET", "/metrics").text


def test_a_long_body_and_a_flood_of_headers_are_cut_off(broker: Broker) -> None:
    long = broker.ask("POST", "/admin/workspaces", headers=broker.admin, content=b"x" * 70_000)
    assert (long.status_code, long.json()["type"]) == (413, "urn:gitlease:problem:too-large")
    flood = {f"x-{number}": "y" * 100 for number in range(400)}
    assert broker.ask("GET", "/healthz", headers=flood).status_code == 431


@pytest.mark.parametrize(
    "env",
    [
        {"GITLEASE_BROKER_PORT": "no"},
        {"GITLEASE_BROKER_TLS_CERTIFICATE": "/not/there"},
        {"GITLEASE_BROKER_DATABASE_URL": "mysql://x"},
        {"GITLEASE_APP_ID": "1"},
    ],
)
def test_a_wrong_setting_is_told_in_one_line(tmp_path: Path, env: dict[str, str]) -> None:
    done = subprocess.run(
        [GITLEASE, "broker", "serve"],
        check=False,
        env=broker_env(tmp_path) | {"GITLEASE_BROKER_PORT": "0"} | env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
