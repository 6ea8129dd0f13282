"""INSERT … ON CONFLICT, which both databases have under names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Table

    from gitlease.broker.store.database import Database


def upsert(database: Database, table: Table, row: Mapping[str, Any]) -> postgresql.Insert | Any:
    """Return the statement that puts *row* in place of the one with its primary key."""
    make = sqlite.insert if database.is_sqlite else postgresql.insert
    keys = [column.name for column in table.primary_key]
    others = {name: value for name, value in row.items() if name not in keys}
    return make(table).values(**row).on_conflict_do_update(index_elements=keys, set_=others)
