"""What a person looks for in a large journal is found by an index, on every database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from gitlease.broker.limits import _new_id
from gitlease.broker.store import Entry, Filters, Kind, Store, migrating
from gitlease.broker.store.address import Address
from gitlease.broker.store.database import Database
from gitlease.broker.store.journal import page_query
from tests.support.stores import Place

ROWS = 20_000
KINDS: tuple[Kind, ...] = ("intent", "lease", "refusal", "admin")
# Nearly all leases of one owner; what is looked for is rare.
FILL = """
    INSERT INTO journal (at, kind, request_id, scope, owner, workspace_id, source, reason)
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows)
    SELECT 1800000000 + n, CASE n % 5000 WHEN 7 THEN 'refusal' ELSE 'lease' END, 'request-' || n,
      'acme', CASE n % 5000 WHEN 8 THEN 'rare' ELSE 'acme' END, 'ws-' || n % 100, 'mint', ''
    FROM numbers
"""


@contextlib.asynccontextmanager
async def filled(place: Place) -> AsyncIterator[Store]:
    async with place.store() as store:
        await store._database.write(lambda to: to.execute(text(FILL), {"rows": ROWS}))
        await store._database.write(lambda to: to.execute(text("ANALYZE")))
        yield store


async def plan(store: Store, filters: Filters) -> str:
    """Return how the database would search."""
    query = page_query(0, 50, filters, newest_first=True)
    is_sqlite = store._database.is_sqlite
    dialect = store._database.engine.dialect
    words = query.compile(dialect=dialect, compile_kwargs={"literal_binds": not is_sqlite})
    values = tuple(words.params[name] for name in words.positiontup or ()) if is_sqlite else ()
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
    rows = await store._database.read(
        lambda to: to.exec_driver_sql(f"{explain} {words}", values or None)
    )
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize(
    ("filters", "index", "found"),
    [
        (Filters(request_id="request-9"), "ix_journal_request_id", 1),
        (Filters(owner="rare"), "ix_journal_owner_id", 4),
        (Filters(kind="refusal"), "ix_journal_kind_id", 4),
        (Filters(kind="refusal", since=1_800_000_000.0), "ix_journal_kind_id", 4),
        (Filters(kind="rejection"), "ix_journal_kind_id", 0),
    ],
)
def test_a_search_reads_no_more_than_it_finds(
    place: Place, filters: Filters, index: str, found: int
) -> None:
    async def run() -> None:
        async with filled(place) as store:
            assert index in await plan(store, filters)
            assert len(await store.journal.page(filters=filters)) == found

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["lease", "refusal"])
def test_every_kind_is_found(place: Place, kind: Kind) -> None:
    async def run() -> None:
        async with place.store() as store:
            for one in KINDS:
                await store.journal.note(Entry(at=1.0, kind=one))
            page = await store.journal.page(filters=Filters(kind=kind))
            assert [record.kind for record in page] == [kind]

    asyncio.run(run())


def test_a_journal_of_the_version_before_gets_the_indexes_and_keeps_its_records(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that takes: a database's usual limit does not count there."""

    def older(connection: Connection) -> None:
        config = migrating._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    async def run() -> None:
        address = Address.of(_empty(place))
        database = Database(address)
        await database.write(lambda to: to.run_sync(older))
        await database.write(lambda to: to.execute(text(FILL), {"rows": 10}))
        limits: list[float] = []
        monkeypatch.setattr(migrating, "Database", _noting(limits))
        await migrating.upgrade(database)
        assert limits == [migrating.LIMIT]
        assert await migrating.revision(database) == migrating.head()
        await database.close()

    asyncio.run(run())


def _empty(place: Place) -> str:
    """Return the URL of a database without tables."""
    if place.postgres is None:
        return f"sqlite:///{Path(place.folder) / 'older.db'}"
    return place.postgres.url(place.postgres.create())


def _noting(limits: list[float]) -> type[Database]:
    class Noting(Database):
        def __init__(self, address: Address, *, limit: float, statement_limit: float) -> None:
            limits.append(min(limit, statement_limit))
            super().__init__(address, limit=limit, statement_limit=statement_limit)

    return Noting


def test_a_request_of_a_later_moment_sorts_behind() -> None:
    """So that the index of requests grows at its end, which is what keeps a lease cheap."""
    ids = [_new_id(1_800_000_000.0 + n / 1000) for n in range(50)]
    assert ids == sorted(ids)
    assert len({_new_id(1.0) for _ in range(1000)}) == 1000
    assert {len(one) for one in ids} == {20}
