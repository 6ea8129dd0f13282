"""INSERT … ON CONFLICT, which both databases have under names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import Table

    from gitlease.broker.store.database import Database


def upsert(database: Database, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return the statement that puts rows, each a whole one, in place of those with their keys."""
    keys = [column.name for column in table.primary_key]
    into = (sqlite.insert if database.is_sqlite else postgresql.insert)(table)
    others = {column.name: column for column in into.excluded if column.name not in keys}
    return into.on_conflict_do_update(index_elements=keys, set_=others)
