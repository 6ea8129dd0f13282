"""
Engines for the two databases, set up so that a record that is committed stays.

SQLite runs in WAL mode with full synchronisation, in files that nobody else can read.  PostgreSQL
has a time limit on every statement.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gitlease.broker.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

    from gitlease.broker.store.address import Address

CONNECT_LIMIT: Final = 5.0  # seconds
STATEMENT_LIMIT: Final = 10.0  # seconds
# SQLite's own wait for a writer in another process, after which we try again; nothing interrupts
# it, so a call that is given up ends with it.
BUSY_LIMIT: Final = 1_000  # milliseconds
# Connections to SQLite, each with a thread of its own; beyond a few they only wait for each other.
THREADS: Final = 4
# A read needs no transaction: this saves two round trips.
READS: Final = "gitlease_reads"


def engine_of(
    address: Address,
    *,
    pool_size: int = 5,
    overflow: int = 10,
    statement_limit: float = STATEMENT_LIMIT,
) -> AsyncEngine:
    """
    Return an engine for *address*; SQLite's file is made, and made ours alone, at once.

    *statement_limit* is in seconds, for PostgreSQL.
    """
    if address.file is not None:
        return _sqlite(address.file)
    return _postgresql(address.dsn, pool_size, overflow, statement_limit)


async def connect(
    dsn: str, *, statement_limit: float = STATEMENT_LIMIT
) -> asyncpg.Connection[asyncpg.Record]:
    """Open a plain connection to PostgreSQL; asyncpg reads *dsn* as libpq would."""
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_LIMIT,
        command_timeout=statement_limit,
        server_settings={"application_name": "gitlease"},
    )


def _postgresql(dsn: str, pool_size: int, overflow: int, statement_limit: float) -> AsyncEngine:
    async def creator(*_words: Any, **_more: Any) -> asyncpg.Connection[asyncpg.Record]:
        return await connect(dsn, statement_limit=statement_limit)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=overflow,
        pool_timeout=CONNECT_LIMIT,
        pool_use_lifo=True,
    )


def _sqlite(file: Path) -> AsyncEngine:
    _make_ours(file)
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file}",
        hide_parameters=True,
        pool_size=THREADS,
        # One more would be opened and closed for each use: a thread, and six pragmas.
        max_overflow=0,
        pool_timeout=CONNECT_LIMIT,
        pool_use_lifo=True,
        # A transaction is ended by whom it was begun by, and a single statement ends its own.
        pool_reset_on_return=None,
    )
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    return engine


def _make_ours(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(file)
        # SQLite gives the WAL and its index the mode of the database.
        for name in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            if name.exists() and name.stat().st_mode & 0o077:
                name.chmod(0o600)
    except OSError as failed:
        raise StoreError(
            f"the database {file} cannot be opened: {failed.strerror}",
            hint="give a file in a folder that the broker's user may write",
        ) from None


def _make(file: Path) -> None:
    if file.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    # One that is there is not opened: to close it would end every lock that this process has on it
    # by another connection (sqlite.org/howtocorrupt.html, 2.2).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    if not os.access(file, os.R_OK | os.W_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Python's sqlite3 would begin transactions by rules of its own.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_LIMIT}",
        "journal_mode=WAL",
        # Committed means on the disk, also after a loss of power.
        "synchronous=FULL",
        "foreign_keys=ON",
        # What is deleted is overwritten: a sealed token leaves no trace behind.
        "secure_delete=ON",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    if not connection.get_execution_options().get(READS):
        # The lock is taken at once: to upgrade from a read later can fail without waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
