"""A store moves from SQLite to PostgreSQL: whole, once, and the old file is served no more."""

import asyncio
import contextlib
import sqlite3

import pytest

from gitlease.broker.store import Entry, MovedError, Store, StoreError
from gitlease.broker.store.tables import METADATA
from tests.support.moving import filled, move, opened, rows, tables
from tests.support.postgres import Postgres
from tests.support.stores import KEY, Place


def test_every_row_of_every_table_arrives(on_sqlite: Place, postgres: Postgres, empty: str) -> None:
    before = filled(on_sqlite)
    # A table that is new has to be filled for this test.
    assert [name for name, found in before.items() if not found] == []
    with contextlib.closing(sqlite3.connect(on_sqlite.folder / "broker.db")) as file:
        there = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE sql > ''")}
    known = set(METADATA.tables) | {one.name for t in METADATA.tables.values() for one in t.indexes}
    assert there - known == {"alembic_version", "sqlite_sequence"}
    assert move(on_sqlite, postgres, empty) == {name: len(of) for name, of in before.items()}
    assert rows(postgres.url(empty)) == before == rows(on_sqlite.url)


def test_a_sealed_token_is_opened_with_the_same_keys(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    filled(on_sqlite)
    move(on_sqlite, postgres, empty)

    async def run() -> None:
        moved = Place(postgres.url(empty), on_sqlite.folder, postgres)
        async with moved.store(keys=(KEY,)) as store:
            for key, text in (("k", "ghs_three"), ("l", "ghs_two")):
                found = await store.tokens.get(key)
                assert found is not None
                assert found.token.secret.reveal() == text

    asyncio.run(run())


def test_numbers_go_on_also_after_records_that_were_pruned(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    last = filled(on_sqlite)["journal"][-1][0]

    async def prune() -> None:
        async with on_sqlite.store() as store:
            await store.journal.prune(on_sqlite.clock() + 60)

    asyncio.run(prune())
    assert move(on_sqlite, postgres, empty)["journal"] == 0

    async def go_on() -> None:
        moved = Place(postgres.url(empty), on_sqlite.folder, postgres)
        async with moved.store() as store:
            assert await store.journal.intend(Entry(at=1.0, kind="intent")) == last + 1

    asyncio.run(go_on())


def test_tables_that_were_made_before_are_filled(
    on_sqlite: Place, postgres: Postgres, made: str
) -> None:
    before = filled(on_sqlite)
    move(on_sqlite, postgres, made)
    assert rows(postgres.url(made)) == before


def test_a_file_that_was_moved_is_served_no_more(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    filled(on_sqlite)
    move(on_sqlite, postgres, empty)
    where = f"was moved to PostgreSQL at its socket, database {empty}; set GITLEASE_BROKER_DATABASE"
    for ask in (opened(on_sqlite), Store.migrate(on_sqlite.url), Store.revision(on_sqlite.url)):
        with pytest.raises(MovedError, match=where):
            asyncio.run(ask)


def test_a_second_move_is_refused_and_changes_nothing(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    before = filled(on_sqlite)
    move(on_sqlite, postgres, empty)
    other = postgres.create()
    for target in (empty, other):
        with pytest.raises(MovedError, match=f"database {empty}"):
            move(on_sqlite, postgres, target)
    assert tables(postgres, other) == []
    assert rows(postgres.url(empty)) == before == rows(on_sqlite.url)


def test_a_move_that_was_undone_can_be_done_elsewhere(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    before = filled(on_sqlite)
    move(on_sqlite, postgres, empty)
    assert Store.undo_move(on_sqlite.url) == f"PostgreSQL at its socket, database {empty}"
    asyncio.run(opened(on_sqlite))
    with pytest.raises(StoreError, match="was not moved"):
        Store.undo_move(on_sqlite.url)
    with pytest.raises(StoreError, match="is not empty"):
        move(on_sqlite, postgres, empty)
    other = postgres.create()
    move(on_sqlite, postgres, other)
    assert rows(postgres.url(other)) == before
    postgres.drop(other)
