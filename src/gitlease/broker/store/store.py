"""The store as the rest of the broker sees it: opened once in a process, closed at its end."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from gitlease.broker.store import migrating, moving
from gitlease.broker.store.address import Address
from gitlease.broker.store.bearers import Bearers
from gitlease.broker.store.callers import Callers
from gitlease.broker.store.database import Database
from gitlease.broker.store.enrolling import Enrolling
from gitlease.broker.store.enrolments import Enrolments
from gitlease.broker.store.invalidations import Invalidations
from gitlease.broker.store.journal import Journal
from gitlease.broker.store.quotas import Quotas
from gitlease.broker.store.sealing import Sealer, beside, make_key_file
from gitlease.broker.store.single_flight import SingleFlight
from gitlease.broker.store.tokens import Tokens
from gitlease.broker.store.upkeep import Upkeep
from gitlease.broker.store.workspaces import Workspaces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.invalidations import Message
    from gitlease.broker.store.moving import Moved
    from gitlease.model.tokens import Secret


class Store:
    """
    Everything that the broker keeps.

    `workspaces`, `bearers`, `enrolments`, `enrolling`, `tokens`, `quotas` and `journal` are its
    parts; `single_flight(key)` is a context that one holder at a time, among all replicas, is in.
    """

    def __init__(self, database: Database, sealer: Sealer, now: Callable[[], float]) -> None:
        """Wire the parts; `open` is the way to a store that works."""
        self._database = database
        self._sealer = sealer
        callers = Callers()
        self._invalidations = Invalidations(database, now)
        self._invalidations.listen(callers.forget)
        self.quotas = Quotas(database)
        self.tokens = Tokens(database, self._invalidations, sealer, now)
        self.bearers = Bearers(database, self._invalidations, callers, now)
        self.workspaces = Workspaces(database, self._invalidations, self.tokens, now)
        self.enrolments = Enrolments(database, now)
        self.enrolling = Enrolling(database, self.enrolments, now)
        self.journal = Journal(database)
        self.single_flight = SingleFlight(database.address)
        self._upkeep = Upkeep(database, self.bearers, self.tokens, self.quotas, now)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        key_file: Path | None = None,
        keys: Sequence[Secret] = (),
        now: Callable[[], float] = time.time,
    ) -> Store:
        """
        Open the database at *url*: `sqlite:////path` or `postgresql://…`.

        Tokens are sealed by *keys* (newest first), or else by those in *key_file*, or else, on
        SQLite, by a key file that is made beside the database.  SQLite is migrated at once;
        PostgreSQL is refused with `NotMigratedError` unless `migrate` was run.  Raises
        `SettingsError` for a setting that has no meaning, `StoreError` for a database that does
        not work.
        """
        address = Address.of(url)
        database = Database(address)
        try:
            if database.is_sqlite:
                await migrating.upgrade(database)
            else:
                await migrating.require(database)
            ours = not keys and key_file is None
            if ours and address.file is not None:
                key_file = beside(address.file)
                make_key_file(key_file)
            store = cls(database, Sealer(keys, key_file, ours=ours), now)
        except BaseException:
            await database.close()
            raise
        try:
            await store._invalidations.start()
        except BaseException:
            await store.close()
            raise
        store._upkeep.start()
        return store

    @staticmethod
    async def migrate(url: str) -> None:
        """Bring the tables at *url* to this version; raise `StoreError` if that cannot be."""
        async with _database(url) as database:
            await migrating.upgrade(database)

    @staticmethod
    async def revision(url: str) -> tuple[str | None, str]:
        """Return the revision of the tables at *url* (None: empty), and the one that is needed."""
        async with _database(url) as database:
            return await migrating.revision(database), migrating.head()

    @staticmethod
    async def move(url: str, target: str) -> Moved:
        """
        Copy all from SQLite at *url* into the empty PostgreSQL at *target*, and end the former.

        Raises what `moving.move` raises.
        """
        return await moving.move(Address.of(url), Address.of(target))

    @staticmethod
    def undo_move(url: str) -> str:
        """Let SQLite at *url* be served again; return what it had been moved to."""
        return moving.undo(Address.of(url))

    async def ping(self) -> None:
        """Return if the database answers; raise `StoreError` otherwise."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(text("SELECT 1"))

        await self._database.read(work)

    def invalidations(self) -> AsyncIterator[Message]:
        """
        Yield what any replica takes away from now on, this one included.

        `{"kind": "bearer", "workspace_id", "token_id"}`, `{"kind": "workspace", "workspace_id"}`
        (its grants changed, or it was removed), `{"kind": "token", "fingerprint"}`, and
        `{"kind": "reset"}`: messages may have been missed, so forget everything.
        """
        return self._invalidations.messages()

    async def rotate_keys(self) -> int:
        """
        Seal every cached token anew under the newest key; return how many there were.

        Where the key file is ours (beside SQLite), a new key is made first, and the one before it
        kept until the next time; configured keys are the operator's to change.
        """
        if self._sealer.ours:
            self._sealer.new_key()
        return await self.tokens.reseal()

    async def upkeep(self) -> None:
        """Do at once what is done every minute anyway: write what is late, remove what is over."""
        await self._upkeep.round()

    async def close(self) -> None:
        """Commit what was put and noted, stop listening, close every connection."""
        await self.bearers.close()
        await self.enrolments.close()
        await self.tokens.close()
        await self.journal.close()
        await self._upkeep.close()
        await self._invalidations.close()
        await self.single_flight.close()
        await self._database.close()


@contextlib.asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database]:
    database = Database(Address.of(url))
    try:
        yield database
    finally:
        await database.close()
