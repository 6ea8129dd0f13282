"""A broker goes on at PostgreSQL where it was at SQLite; a move that is killed moves nothing."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support.brokers import GITLEASE, Broker, bearer, broker_env, running_broker
from tests.support.canaries import command_lines
from tests.support.evidence import Survived
from tests.support.journals import records
from tests.support.movers import PASSWORD, Mover, filled_file, lengthen, moved_broker
from tests.support.moving import COMMIT, MIDDLE, held, rows, tables
from tests.support.postgres import Postgres
from tests.support.stores import migrated

GRANT = {"owner": "acme", "repositories": ["app"]}
LEASE = "/workspaces/{}/github-installation-token?owner=acme&repo={}"
ROWS = 40_000
# All of them would be several times as much.
FLAT = 16 * 1024  # KiB


@pytest.fixture
def mover(tmp_path: Path, postgres: Postgres) -> Mover:
    return Mover(tmp_path / "broker", postgres, postgres.create())


def lease(broker: Broker, name: str, who: dict[str, str], repository: str = "app") -> Any:
    return broker.ask("GET", LEASE.format(name, repository), headers=who)


@pytest.mark.guarantee("journal")
def test_who_was_served_before_is_served_after_and_nobody_else(
    mover: Mover, tmp_path: Path, github: GitHub
) -> None:
    with running_broker(mover.folder, github) as broker:
        good = broker.workspace("ws-1", GRANT)
        stolen, gone = broker.workspace("ws-2", GRANT), broker.workspace("ws-3", GRANT)
        everyone = bearer(broker.manage("enrolment", "create").strip())
        token = lease(broker, "ws-1", good).json()["token"]
        [shown] = broker.ask("GET", "/workspaces/ws-2/tokens", headers=broker.admin).json()[
            "tokens"
        ]
        broker.manage("token", "revoke", "ws-2", shown["id"])
        broker.manage("workspace", "remove", "ws-3")
        # It serves, and so it is not moved.
        assert "is in use: a broker serves it" in mover.run("move", code=1)
        assert tables(mover.postgres, mover.database) == []
        assert lease(broker, "ws-1", good).status_code == 200
        before = records(broker)
        # What it has committed is in the log beside the file.
        broker.kill()
    said = mover.run("move")
    assert f"journal {len(before)}" in said
    assert f"a copy of {mover.folder / 'broker.sqlite.key'}" in said
    with moved_broker(mover, tmp_path / "new", github) as broker:
        assert records(broker) == before
        assert lease(broker, "ws-1", good).json()["token"] == token
        assert github.stats()["mints"] == 1
        for name, who in (("ws-2", stolen), ("ws-3", gone)):
            assert lease(broker, name, who).status_code == 401
            asked = broker.ask("POST", "/registry/register", headers=everyone, json={"id": name})
            assert asked.status_code == 401
        let_in = broker.ask("POST", "/registry/register", headers=everyone, json={"id": "ws-4"})
        assert let_in.status_code == 200
        after = records(broker)
        assert after[: len(before)] == before
        assert after[len(before)]["id"] == before[-1]["id"] + 1
        [first] = [one for one in after[len(before) :] if one["kind"] == "lease"]
        assert (first["source"], first["fingerprint"]) == ("store", fingerprint(token))


def test_the_old_file_is_served_no_more(mover: Mover) -> None:
    filled_file(mover.folder)
    mover.run("move")
    name = f"database {mover.database}"
    where = f"was moved to PostgreSQL at its socket, {name}"
    for words in (["serve", "--port", "0"], ["workspace", "list"]):
        assert where in mover.run(*words, code=1)
    assert where in mover.run("check", code=1)
    assert (
        f"without all that was done since at PostgreSQL at its socket, database {mover.database}"
        in (mover.run("move", "--undo"))
    )
    mover.run("workspace", "list")


@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize(
    ("when", "fault"),
    [(MIDDLE, "kill -9 in the middle of a move"), (COMMIT, "kill -9 in the commit of a move")],
    ids=["in the middle", "in the commit"],
)
def test_a_kill_leaves_one_database_that_is_served(
    mover: Mover, when: tuple[str, str], fault: str, survived: Survived
) -> None:
    """Before the commit it is the old one; in the commit, which nobody heard of, the new one."""
    before = filled_file(mover.folder)
    mover.database = mover.postgres.create(like=migrated(mover.postgres))
    with held(mover.postgres, mover.database, when) as hold, mover.start() as process:
        hold.wait()
        shown = command_lines(process.pid)
        process.kill()
        assert process.stdout is not None
        assert PASSWORD not in f"{shown} {process.stdout.read()}"
        assert mover.is_empty
        if when == COMMIT:
            hold.free()
            assert rows(mover.url) == before
            assert "was moved to" in mover.run("workspace", "list", code=1)
            survived(fault)
            return
    assert mover.is_empty
    assert "ws-1" in mover.run("workspace", "list")
    mover.run("move")
    survived(fault)
    assert [row[:1] for row in rows(mover.url)["journal"]] == [row[:1] for row in before["journal"]]


@pytest.mark.guarantee("secrets")
def test_the_url_is_read_from_a_file_and_shown_nowhere(mover: Mover, tmp_path: Path) -> None:
    filled_file(mover.folder)
    file = tmp_path / "url"
    for held_there, code in (
        (f"mysql://me:{PASSWORD}@db/x", 2),
        (f"postgresql://me:{PASSWORD}@localhost:1/x", 1),
        (mover.url.replace(mover.database, "no_such_database"), 1),
        (f"{mover.url}\n", 0),
    ):
        file.write_text(held_there)
        mover.run("move", "--to-file", str(file), code=code)
    assert not mover.is_empty


def test_without_a_target_it_says_how_to_name_one(mover: Mover, tmp_path: Path) -> None:
    filled_file(mover.folder)
    env = broker_env(mover.folder)
    done = subprocess.run(
        [GITLEASE, "broker", "move"], check=False, env=env, capture_output=True, timeout=60
    )
    assert (done.returncode, b"set GITLEASE_BROKER_MOVE_TO" in done.stderr) == (2, True)
    assert "cannot be read" in mover.run("move", "--to-file", str(tmp_path / "none"), code=2)


def test_a_long_journal_takes_no_more_memory(tmp_path: Path, postgres: Postgres) -> None:
    most = []
    template = migrated(postgres)
    for number in (1_000, ROWS):
        mover = Mover(tmp_path / str(number), postgres, postgres.create(like=template))
        filled_file(mover.folder)
        lengthen(mover.folder / "broker.sqlite", number)
        with held(postgres, mover.database, COMMIT) as hold, mover.start() as process:
            hold.wait()
            status = Path(f"/proc/{process.pid}/status").read_text()
            most.append(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]))
            hold.free()
            assert process.wait(60) == 0
        assert postgres.sql("SELECT max(id) FROM journal", mover.database) == str(number)
    assert most[1] - most[0] < FLAT, most
