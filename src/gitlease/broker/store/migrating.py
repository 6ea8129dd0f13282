"""
Bring a database's tables to this version, or tell that they are not.

Several processes may try at once: one does the work, the others wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, func, literal, select

from gitlease.broker.store.database import Database
from gitlease.broker.store.errors import MovedError, NotMigratedError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection


# A large journal takes minutes to get another index.
LIMIT: Final = 3600.0  # seconds
_SCRIPTS: Final = Path(__file__).parent / "migrations"
# Any number that is always the same.
_LOCK: Final = 0x67_69_74_6C_65_61_73_65
# Stands before the revision of a file that was moved away: every version refuses one it does not
# know.
_MOVED: Final = "moved-"
_WHERE: Final = " to "


def head() -> str:
    """Return the revision that this version needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def moved(found: str, where: str) -> str:
    """Return the revision that says that tables of revision *found* are now at *where*."""
    return f"{_MOVED}{found}{_WHERE}{where}"


def moved_from(found: str) -> tuple[str, str] | None:
    """Return the two that `moved` was given to make *found*, None if it did not."""
    if not found.startswith(_MOVED):
        return None
    before, _, where = found.removeprefix(_MOVED).partition(_WHERE)
    return before, where


async def revision(database: Database) -> str | None:
    """
    Return the revision of the database's tables, None for an empty one.

    Raises `MovedError` for a file that was moved away.
    """

    async def work(connection: AsyncConnection) -> str | None:
        return await connection.run_sync(_revision)

    found = await database.read(work)
    refuse_moved(database.address.name, found)
    return found


async def require(database: Database) -> None:
    """Raise `NotMigratedError` unless the tables are those of this version."""
    refuse_other(database.address.name, await revision(database))


def refuse_moved(name: str, found: str | None) -> None:
    """Raise `MovedError` if the database *name*, at revision *found*, was moved away."""
    moved_to = found and moved_from(found)
    if moved_to:
        raise MovedError(f"{name} was moved to {moved_to[1]}")


def refuse_other(name: str, found: str | None) -> None:
    """Raise `NotMigratedError` unless *found*, the revision of *name*, is this version's."""
    needed = head()
    if found != needed:
        has = "has no tables" if found is None else f"is at revision {found}"
        raise NotMigratedError(f"{name} {has}, this version needs {needed}")


async def make(connection: AsyncConnection, name: str) -> None:
    """
    Make the tables in PostgreSQL's database *name* if it has none.

    It is done in the transaction of *connection*, one at a time.  Raises `NotMigratedError` for
    tables of another version.
    """
    await _alone(connection)
    found = await connection.run_sync(_revision)
    if found is None:
        await connection.run_sync(_upgrade)
    else:
        refuse_other(name, found)


async def upgrade(database: Database) -> None:
    """
    Bring the tables to this version.

    Raises `NotMigratedError` for tables of a later version: nothing goes down; `MovedError` for a
    file that was moved away.
    """
    found = await revision(database)
    if found == head():
        return

    async def work(connection: AsyncConnection) -> None:
        if not database.is_sqlite:
            await _alone(connection)
        found = await connection.run_sync(_revision)
        refuse_moved(database.address.name, found)
        known = {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}
        if found is not None and found not in known:
            raise NotMigratedError(
                f"{database.address.name} is at revision {found}, which a later version made",
                hint="install that version of gitlease",
            )
        await connection.run_sync(_upgrade)

    if found is None:
        await database.write(work)
        return
    patient = Database(database.address, limit=LIMIT, statement_limit=LIMIT)
    try:
        await patient.write(work)
    finally:
        await patient.close()


async def _alone(connection: AsyncConnection) -> None:
    await connection.execute(select(func.pg_advisory_xact_lock(literal(_LOCK, BigInteger()))))


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
