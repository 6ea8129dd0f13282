"""The connections that are kept for what leases say to SQLite."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator

import pytest

from gitlease.broker.store import StoreError
from gitlease.broker.store.address import Address
from gitlease.broker.store.database import Database
from tests.support.stores import Place

SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
    "SELECT max(i) FROM n"
)


@contextlib.asynccontextmanager
async def database_at(place: Place) -> AsyncIterator[Database]:
    """Open the database of *place*, without tables."""
    database = Database(Address.of(place.url))
    try:
        yield database
    finally:
        await database.close()


def test_a_statement_that_fails_or_is_given_up_leaves_a_line_for_the_next(
    on_sqlite: Place,
) -> None:
    """More of them than there are connections, some while another one waits for its answer."""

    async def run() -> None:
        async with database_at(on_sqlite) as database:
            await database.say("CREATE TABLE t (i INTEGER UNIQUE)", (), writes=True)
            for number in range(12):
                good = asyncio.create_task(database.say("SELECT 1", (), writes=False))
                given_up = asyncio.create_task(database.say(SLOW, (), writes=False))
                with pytest.raises(StoreError):
                    await database.say("SELECT nothing", (), writes=False)
                given_up.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await given_up
                assert await good == [(1,)]
                await database.say("INSERT INTO t VALUES (?)", (number,), writes=True)
                with pytest.raises(StoreError):
                    await database.say("INSERT INTO t VALUES (?)", (number,), writes=True)
            assert await database.say("SELECT count(*) FROM t", (), writes=False) == [(12,)]

    asyncio.run(run())
    # Nothing is left open: whoever comes last folds the log into the file.
    with contextlib.closing(sqlite3.connect(on_sqlite.folder / "broker.db")) as plain:
        assert plain.execute("SELECT count(*) FROM t").fetchone() == (12,)
    assert not (on_sqlite.folder / "broker.db-wal").exists()


def test_whoever_reads_sees_what_was_said_before(on_sqlite: Place) -> None:
    """A line keeps no view of an older state between two statements."""

    async def run() -> None:
        async with database_at(on_sqlite) as database:
            await database.say("CREATE TABLE t (i INTEGER)", (), writes=True)
            for number in range(50):
                assert await database.say("SELECT count(*) FROM t", (), writes=False) == [(number,)]
                await database.say("INSERT INTO t VALUES (1)", (), writes=True)

    asyncio.run(run())
