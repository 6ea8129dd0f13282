"""SQLite's file is locked by somebody else: a backup, a shell that began to write and sleeps."""

import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path

import pytest

from gitlease.broker.store import StoreUnavailableError
from tests.support.stores import sqlite_place


def test_who_writes_is_told_within_the_limit_and_the_next_goes_on(tmp_path: Path) -> None:
    """What is given up goes on in SQLite's thread, which nobody may have to wait for."""

    async def run() -> None:
        place = sqlite_place(tmp_path)
        async with place.store() as store:
            store._database._limit = 1.5
            file = tmp_path / "broker.db"
            with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                began = time.monotonic()
                with pytest.raises(StoreUnavailableError):
                    await store.workspaces.create("ws-1")
                assert time.monotonic() - began < 4
                other.execute("COMMIT")
            store._database._limit = 20
            await store.workspaces.create("ws-2")
            assert [row.id for row in await store.workspaces.list()] == ["ws-2"]

    asyncio.run(run())
