"""What a thief makes of a stolen bearer, admin token or backup, and what ends it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from gitlease.emulator import GitHub
from tests.flows.attack.conftest import APP
from tests.support.brokers import Broker, bearer, running_broker
from tests.support.evidence import Survived
from tests.support.polling import until

LEASE = "/workspaces/{}/github-installation-token?owner=acme&repo=app"


def status(broker: Broker, name: str, held: dict[str, str]) -> int:
    return broker.ask("GET", LEASE.format(name), headers=held).status_code


def one_more(broker: Broker, name: str, held: dict[str, str]) -> dict[str, str]:
    """Let the holder of *held* make a bearer of *name*; return the new one's header."""
    made = broker.ask("POST", f"/workspaces/{name}/tokens", headers=held)
    assert made.status_code == 201, made.text
    return bearer(made.json()["auth_token"])


def test_a_second_bearer_that_a_thief_has_made_ends_with_the_workspace(
    broker: Broker, survived: Survived
) -> None:
    """The list shows it; to revoke the first alone leaves it, to remove the workspace does not."""
    stolen = broker.workspace("ws-twice", APP)
    second = one_more(broker, "ws-twice", stolen)
    rows = json.loads(broker.manage("token", "list", "ws-twice", "--json"))
    assert len(rows) == 2
    broker.manage("token", "revoke", "ws-twice", rows[0]["id"])
    until(lambda: status(broker, "ws-twice", stolen) == 401)
    assert status(broker, "ws-twice", second) == 200
    broker.manage("workspace", "remove", "ws-twice")
    until(lambda: status(broker, "ws-twice", second) == 401)
    survived("a bearer that a thief made by a stolen one")


def test_a_bearer_makes_none_for_another_workspace(broker: Broker) -> None:
    stolen = broker.workspace("ws-mine", APP)
    broker.workspace("ws-yours", APP)
    for name in ("ws-yours", "ws-none"):
        made = broker.ask("POST", f"/workspaces/{name}/tokens", headers=stolen)
        assert made.status_code == 401
    assert status(broker, "ws-yours", stolen) == 401


def test_what_a_stolen_admin_token_has_made_is_on_record_and_can_be_taken_away(
    tmp_path: Path, github: GitHub, survived: Survived
) -> None:
    """It outlives the token: the rotation ends only that."""
    with running_broker(tmp_path, github) as broker:
        stolen = broker.admin
        theirs = broker.workspace("ws-theirs", {"owner": "acme", "repositories": "ALL"})
        broker.manage("admin-token", "rotate", "--now")
        until(lambda: broker.ask("GET", "/admin/workspaces", headers=stolen).status_code == 401)
        assert status(broker, "ws-theirs", theirs) == 200
        told = json.loads(broker.manage("journal", "--kind", "admin", "--json"))
        named = [row for row in told if row["workspace_id"] == "ws-theirs"]
        assert len(named) == 2, told  # the workspace, and its bearer
        broker.manage("workspace", "remove", "ws-theirs")
        until(lambda: status(broker, "ws-theirs", theirs) == 401)
    survived("a stolen admin token that made a workspace")


def test_a_backup_that_is_put_back_makes_good_what_was_revoked_since(
    tmp_path: Path, github: GitHub, survived: Survived
) -> None:
    """So who puts one back revokes again; the copy itself holds no bearer."""
    kept = tmp_path / "backup.sqlite"
    with running_broker(tmp_path / "broker", github) as broker:
        lost = broker.workspace("ws-lost", APP)
        assert status(broker, "ws-lost", lost) == 200
        database = tmp_path / "broker/broker.sqlite"
        with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(kept)) as copy:
            live.backup(copy)
        broker.manage("workspace", "remove", "ws-lost")
        until(lambda: status(broker, "ws-lost", lost) == 401)
        assert broker.stop() == 0
    assert lost["Authorization"].removeprefix("Bearer ").encode() not in kept.read_bytes()
    for file in (tmp_path / "broker").glob("broker.sqlite-*"):
        file.unlink()
    kept.replace(database)
    with running_broker(tmp_path / "broker", github) as broker:
        assert status(broker, "ws-lost", lost) == 200
        broker.manage("workspace", "remove", "ws-lost")
        until(lambda: status(broker, "ws-lost", lost) == 401)
    survived("a backup from before a revocation was put back")
