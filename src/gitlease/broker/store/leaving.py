"""
A file of SQLite that is being left for good, and that nobody else has open meanwhile.

The lock is SQLite's own: whoever has read a database in WAL mode keeps it from being locked whole
until he closes it, be it a broker of any version, a command or a backup.  It ends with the process.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from gitlease.broker.store import migrating
from gitlease.broker.store.database import translated
from gitlease.broker.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Table

    from gitlease.broker.store.address import Address

# A command that works on it ends within that; a broker does not.
PATIENCE: Final = 2.0  # seconds
# So many rows are in memory at once.
BATCH: Final = 2_000


class Leaving:
    """The database at *address*, held alone; `held` gives it."""

    def __init__(self, address: Address, connection: sqlite3.Connection) -> None:
        self.name = address.name
        self._connection = connection

    @classmethod
    @contextlib.contextmanager
    def held(cls, address: Address) -> Iterator[Leaving]:
        """
        Keep everybody else away within the context, and give what it is for.

        Raises `StoreError` if there is no such file, or somebody has it open.
        """
        file = address.file
        if file is None or not file.is_file():
            raise StoreError(f"there is no {address.name}", hint="name the file that was served")
        with translated(address.name):
            connection = sqlite3.connect(
                f"{file.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None
            )
        with contextlib.closing(connection):
            with translated(address.name):
                _lock(connection, address.name)
            yield cls(address, connection)

    def revision(self) -> str:
        """Return the revision of its tables; raise `StoreError` if it has none."""
        there = self._all("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
        found = self._all("SELECT version_num FROM alembic_version") if there else []
        if len(found) != 1:
            raise StoreError(f"{self.name} has no tables", hint="name the file that was served")
        return str(found[0][0])

    def batches(self, table: Table) -> Iterator[list[tuple[Any, ...]]]:
        """Yield all rows of *table*, a batch at a time."""
        with translated(self.name):
            rows = self._connection.execute(str(select(*table.c)))
        while True:
            with translated(self.name):
                batch = rows.fetchmany(BATCH)
            if not batch:
                return
            yield batch

    def last_numbers(self) -> Mapping[str, int]:
        """Return by table the last number that was given to a row, which may have been pruned."""
        return dict(self._all("SELECT name, seq FROM sqlite_sequence"))

    def mark(self, where: str) -> None:
        """Let no version serve it from now on, because it is *where*; that is on the disk."""
        self._set(migrating.moved(self.revision(), where))

    def unmark(self) -> str:
        """Take back `mark`, and return where it is; raise `StoreError` if it was not moved."""
        found = migrating.moved_from(self.revision())
        if found is None:
            raise StoreError(f"{self.name} was not moved", hint="serve it as it is")
        before, where = found
        self._set(before)
        return where

    def _set(self, revision: str) -> None:
        with translated(self.name):
            self._connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            self._connection.execute("COMMIT")
            # The file stays locked, but what is written next is a transaction of its own.
            self._connection.execute("BEGIN EXCLUSIVE")

    def _all(self, statement: str) -> list[tuple[Any, ...]]:
        with translated(self.name):
            return self._connection.execute(statement).fetchall()


def _lock(connection: sqlite3.Connection, name: str) -> None:
    try:
        # Before anything is read: the whole file is locked then, for as long as it is open.
        for pragma in ("locking_mode=EXCLUSIVE", "synchronous=FULL", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as failed:
        if failed.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        raise StoreError(
            f"{name} is in use: a broker serves it, or another program has it open",
            hint="stop the broker and what else reads that file, then move it",
        ) from None
