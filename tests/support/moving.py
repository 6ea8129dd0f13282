"""A store with something in each of its tables, what is in them, and a target that can be held."""

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gitlease.broker.store import Entry, Outcome, Store
from gitlease.broker.store.address import Address
from gitlease.broker.store.database import Database
from gitlease.broker.store.tables import METADATA
from gitlease.model.grants import Grant
from gitlease.model.scopes import Scope
from tests.support.polling import until
from tests.support.postgres import Postgres, programs
from tests.support.stores import Place

GRANT = Grant.of("acme", ["app", "lib"], {"contents": "read"}, 5)
# Any number that is always the same, and not the store's own.
_LOCK = 77
_HOLDS = f"""
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_advisory_xact_lock({_LOCK}); RETURN NEW; END';
CREATE {{}} ON journal {{}} FOR EACH ROW EXECUTE FUNCTION hold();
"""
# When a target holds whoever writes to it: the kind of trigger, and when it comes.
MIDDLE = ("TRIGGER hold BEFORE INSERT", "")
COMMIT = ("CONSTRAINT TRIGGER hold AFTER INSERT", "DEFERRABLE INITIALLY DEFERRED")


async def fill(store: Store, place: Place) -> None:
    """Put something into every table of *store*, with and without what may be absent."""
    now = place.clock()
    for name in ("ws-1", "ws-2", "ws-3"):
        await store.workspaces.create(name, (GRANT, Grant.of("other", "ALL")))
        made = await store.bearers.create(name)
        await store.bearers.create(name)
        if name == "ws-2":
            await store.bearers.revoke(name, made.token_id, shuts=True)
    await store.workspaces.remove("ws-3")
    await store.enrolments.create()
    await store.enrolments.create("ws-4", 1, now + 60)
    for key, text in (("k", "ghs_one"), ("l", "ghs_two"), ("k", "ghs_three")):
        await store.tokens.put(key, place.token(text), Scope.of("acme"), "app-1", 1 << 40)
    await store.tokens.remember_rejected("a fingerprint", now + 60)
    await store.quotas.take("ws-1", GRANT, int(now // 3600))
    entry = Entry(at=now, kind="intent", request_id="r-1", workspace_id="ws-1", owner="Ünïcode 🔑")
    number = await store.journal.intend(entry)
    await store.journal.end(number, Outcome(at=now + 0.123456, kind="lease", fingerprint="fp"))
    await store.journal.intend(entry)
    for _ in range(5):
        await store.journal.note(Entry(at=now, kind="admin"))


def filled(place: Place) -> dict[str, list[Any]]:
    """Do as `fill` on *place*; return its rows."""

    async def run() -> None:
        async with place.store() as store:
            await fill(store, place)

    asyncio.run(run())
    return rows(place.url)


def rows(url: str) -> dict[str, list[Any]]:
    """Return all rows of the database at *url* by table, in the order of their keys."""

    async def read(connection: AsyncConnection) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for table in METADATA.sorted_tables:
            query = select(table).order_by(*table.primary_key.columns)
            found[table.name] = [tuple(row) for row in await connection.execute(query)]
        return found

    async def run() -> dict[str, list[Any]]:
        database = Database(Address.of(url))
        try:
            return await database.read(read)
        finally:
            await database.close()

    return asyncio.run(run())


def move(source: Place, postgres: Postgres, database: str) -> dict[str, int]:
    """Move, and return how many rows of each table."""
    return dict(asyncio.run(Store.move(source.url, postgres.url(database))).rows)


async def opened(place: Place) -> None:
    """Serve *place* for a moment."""
    async with place.store():
        pass


def tables(postgres: Postgres, database: str) -> list[str]:
    """Return the names of the tables of *database*."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    return postgres.sql(query, database).split()


class Hold:
    """The *database* of *postgres* holds whoever writes journal records, until `free`."""

    def __init__(self, postgres: Postgres, database: str, when: tuple[str, str]) -> None:
        self._postgres = postgres
        self._database = database
        postgres.sql(_HOLDS.format(*when), database)
        url = postgres.url(database)
        self._holder = subprocess.Popen(
            [programs() / "psql", "-qAtX", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.write(f"SELECT pg_advisory_lock({_LOCK}), 'held';\n".encode())
        self._holder.stdin.flush()
        assert b"held" in self._holder.stdout.readline()

    def wait(self) -> int:
        """Return when somebody is held: the number of the server's process that serves him."""
        query = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until(lambda: self._postgres.sql(query, self._database) != "")
        return int(self._postgres.sql(query, self._database))

    def free(self) -> None:
        """Let go, and return when the server has ended what was held."""
        if self._holder.poll() is None:
            self._holder.communicate(timeout=30)
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gitlease' "
            f"AND datname = '{self._database}'"
        )
        until(lambda: self._postgres.sql(query) == "0")
        self._postgres.sql("DROP FUNCTION IF EXISTS hold CASCADE", self._database)


@contextlib.contextmanager
def held(postgres: Postgres, database: str, when: tuple[str, str]) -> Iterator[Hold]:
    """Give a `Hold` that is freed at the end."""
    hold = Hold(postgres, database, when)
    try:
        yield hold
    finally:
        hold.free()
