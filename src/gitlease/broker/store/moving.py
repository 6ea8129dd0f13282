"""
Move a broker's database from SQLite to an empty PostgreSQL: all of it, or nothing.

It is one transaction there, tables included, so whatever ends it early leaves the target as it was.
The file is marked just before that is committed: of two truths the stale one must not be served,
and a moment in which neither is served hurts nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, text

from gitlease.broker.store import migrating
from gitlease.broker.store.database import Database, translated
from gitlease.broker.store.errors import StoreError, StoreUnavailableError
from gitlease.broker.store.leaving import Leaving
from gitlease.broker.store.sealing import beside
from gitlease.broker.store.tables import METADATA
from gitlease.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.address import Address

# A batch on a server that is busy, or the count of 10^7 records.
STATEMENT_LIMIT: Final = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: the rows of each table, to the database of that name."""

    to: str
    rows: Mapping[str, int]
    file: Path
    key_file: Path


async def move(source: Address, target: Address) -> Moved:
    """
    Copy all of *source* into *target*, and let *source* be served no more.

    Raises `SettingsError` if they are not SQLite and PostgreSQL, `NotMigratedError` if either's
    tables are not those of this version, `MovedError` if it was done before, and `StoreError` if
    somebody has the source open, the target is not empty, or either fails.  Then both are as they
    were; only where the server did not answer to the commit the source stays marked.
    """
    file = source.file
    if file is None:
        raise SettingsError(
            f"there is nothing to move: the broker's database is {source.name}",
            hint="pg_dump and pg_restore take it from one server to another",
        )
    if target.file is not None:
        raise SettingsError(
            f"the new database is {target.name}", hint="name PostgreSQL: `postgresql://host/name`"
        )
    with Leaving.held(source) as leaving:
        found = leaving.revision()
        migrating.refuse_moved(source.name, found)
        migrating.refuse_other(source.name, found)
        rows = await _into(target, leaving)
    return Moved(target.name, rows, file, beside(file))


def undo(source: Address) -> str:
    """Let *source* be served again, and return where it is; raise `StoreError` if it is nowhere."""
    if source.file is None:
        raise SettingsError(f"{source.name} was never moved", hint="name the file of SQLite")
    with Leaving.held(source) as leaving:
        return leaving.unmark()


async def _into(target: Address, leaving: Leaving) -> Mapping[str, int]:
    database = Database(target, statement_limit=STATEMENT_LIMIT)
    try:
        with translated(target.name):
            async with database.engine.connect() as connection:
                await migrating.make(connection, target.name)
                await _require_empty(connection, target.name)
                rows = {
                    table.name: await _copy(connection, leaving, table, target.name)
                    for table in METADATA.sorted_tables
                }
                await _count(connection, rows, target.name)
                await _number_on(connection, leaving)
                await _end(connection, leaving, target.name)
    finally:
        await database.close()
    return rows


async def _require_empty(connection: AsyncConnection, name: str) -> None:
    """See that nobody has written there, and let nobody write before the end."""
    tables = METADATA.sorted_tables
    quoted = ", ".join(table.name for table in tables)
    await connection.execute(text(f"LOCK TABLE {quoted} IN EXCLUSIVE MODE"))
    for table in tables:
        if (await connection.execute(select(table).limit(1))).first() is not None:
            raise StoreError(
                f"{name} is not empty: there is something in its table {table.name}",
                hint="move into a database that no broker has used",
            )


async def _copy(connection: AsyncConnection, leaving: Leaving, table: Table, name: str) -> int:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    columns = [column.name for column in table.c]
    count = 0
    for batch in leaving.batches(table):
        with translated(f"{name}, table {table.name},"):
            await driver.copy_records_to_table(table.name, records=batch, columns=columns)
        count += len(batch)
    return count


async def _count(connection: AsyncConnection, rows: Mapping[str, int], name: str) -> None:
    for table in METADATA.sorted_tables:
        arrived = (await connection.execute(select(func.count()).select_from(table))).scalar()
        if arrived != rows[table.name]:
            raise StoreError(
                f"{arrived} of {rows[table.name]} rows of {table.name} arrived at {name}",
                hint="nothing was kept there; look for a trigger or a rule, and move again",
            )


async def _number_on(connection: AsyncConnection, leaving: Leaving) -> None:
    """Let each table go on after the last number it gave: what was pruned had one too."""
    for name, last in leaving.last_numbers().items():
        column = METADATA.tables[name].autoincrement_column
        if column is not None and last:
            sequence = func.pg_get_serial_sequence(name, column.name)
            await connection.execute(select(func.setval(sequence, last)))


async def _end(connection: AsyncConnection, leaving: Leaving, name: str) -> None:
    leaving.mark(name)
    try:
        with translated(name):
            await connection.commit()
    except StoreUnavailableError as failed:
        raise StoreError(
            f"nobody knows whether {name} has kept it: {failed.message}",
            hint="if your workspaces are there, use it; if it is empty, "
            "`gitlease broker move --undo`, and move again",
        ) from None
    except StoreError:
        leaving.unmark()
        raise
