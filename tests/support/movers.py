"""A person who moves a broker's file to PostgreSQL, and the broker that goes on there."""

import contextlib
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitlease.emulator import GitHub
from tests.support.brokers import GITLEASE, Broker, broker_env, running_broker
from tests.support.moving import filled, rows, tables
from tests.support.postgres import Postgres
from tests.support.stores import Place

PASSWORD = "an-honest-password-of-the-database"


@dataclass
class Mover:
    """What a person types who moves the file in *folder* to *database*."""

    folder: Path
    postgres: Postgres
    database: str

    @property
    def url(self) -> str:
        """The target's, with a password, which the tests' server does not ask for."""
        return self.postgres.url(self.database).replace("gitlease@", f"gitlease:{PASSWORD}@")

    @property
    def env(self) -> Mapping[str, str]:
        return broker_env(self.folder) | {"GITLEASE_BROKER_MOVE_TO": self.url}

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [GITLEASE, "broker", "move"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str, code: int = 0) -> str:
        """Run `gitlease broker …` beside it, and return all that it said."""
        done = subprocess.run(
            [GITLEASE, "broker", *words],
            check=False,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert PASSWORD not in said
        return said

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing has arrived."""
        there = "journal" in tables(self.postgres, self.database)
        return not there or not any(rows(self.url).values())


@contextlib.contextmanager
def moved_broker(mover: Mover, folder: Path, github: GitHub) -> Iterator[Broker]:
    """Run a broker at the target with its files in *folder*, to which the keys were carried."""
    folder.mkdir()
    key_file = shutil.copy2(mover.folder / "broker.sqlite.key", folder / "keys")
    shutil.copy2(mover.folder / "admin-token", folder)
    env = {"GITLEASE_BROKER_DATABASE_URL": mover.url, "GITLEASE_BROKER_KEY_FILE": str(key_file)}
    with running_broker(folder, github, **env) as broker:
        yield broker


def filled_file(folder: Path) -> dict[str, list[Any]]:
    """Make the file of a broker in *folder*, with something in each table; return its rows."""
    folder.mkdir()
    return filled(Place(f"sqlite:///{folder / 'broker.sqlite'}", folder))


def lengthen(file: Path, number: int) -> None:
    """Let the journal in *file* end with the record *number*; each has half a kilobyte."""
    more = (
        "WITH RECURSIVE n(id) AS (SELECT max(id) + 1 FROM journal UNION ALL "
        "SELECT id + 1 FROM n WHERE id < ?) INSERT INTO journal "
        "(id, at, kind, request_id, workspace_id, scope, fingerprint, source, reason) "
        "SELECT id, id, 'lease', 'r-' || id, 'ws-' || id % 99, ?, 'fp-' || id, 'mint', '' FROM n"
    )
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute(more, (number, "x" * 500))
