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
from gitlease.broker.store.errors import NotMigratedError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection


# A large journal takes minutes to get another index.
LIMIT: Final = 3600.0  # seconds
_SCRIPTS: Final = Path(__file__).parent / "migrations"
# Any number that is always the same.
_LOCK: Final = 0x67_69_74_6C_65_61_73_65


def head() -> str:
    """Return the revision that this version needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


async def revision(database: Database) -> str | None:
    """Return the revision of the database's tables, None for an empty one."""

    async def work(connection: AsyncConnection) -> str | None:
        return await connection.run_sync(_revision)

    return await database.read(work)


async def require(database: Database) -> None:
    """Raise `NotMigratedError` unless the tables are those of this version."""
    found, needed = await revision(database), head()
    if found == needed:
        return
    has = "has no tables" if found is None else f"is at revision {found}"
    raise NotMigratedError(f"{database.address.name} {has}, this version needs {needed}")


async def upgrade(database: Database) -> None:
    """
    Bring the tables to this version.

    Raises `NotMigratedError` for tables of a later version: nothing goes down.
    """
    found = await revision(database)
    if found == head():
        return

    async def work(connection: AsyncConnection) -> None:
        if not database.is_sqlite:
            lock = func.pg_advisory_xact_lock(literal(_LOCK, BigInteger()))
            await connection.execute(select(lock))
        found = await connection.run_sync(_revision)
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
