"""
The append-only record: no lease leaves the broker before it stands here.

Every method that writes returns when its record is committed.  Nothing here changes a record, and
only `prune` removes any.
"""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from gitlease.broker.store.batches import Batches
from gitlease.broker.store.journal_writes import End, commit
from gitlease.broker.store.records import Entry, Filters, Outcome, Record
from gitlease.broker.store.tables import COMMON_KINDS, JOURNAL, RARE_KIND

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database

_BATCH: Final = 5_000  # records that are removed in one transaction


class Journal:
    """Writes, reads and prunes the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commits: Batches[Entry | End] = Batches(functools.partial(commit, database))

    async def intend(self, entry: Entry) -> int:
        """Write an intent; return its number, by which `end` ends it."""
        return int(await self._commits.ask(entry))

    async def end(self, intent_id: int, outcome: Outcome) -> None:
        """
        Write how an intent ended: a new record, with the intent's workspace, scope and request.

        Raises `StoreError` if there is no such intent or it has ended: an intent has one end.
        """
        await self._commits.ask(End(intent_id, outcome))

    async def note(self, entry: Entry) -> None:
        """Write an entry that needs no intent: a refusal, a lease of a token that was there."""
        await self._commits.ask(entry)

    async def page(
        self,
        after: int = 0,
        limit: int = 100,
        filters: Filters | None = None,
        *,
        newest_first: bool = False,
    ) -> tuple[Record, ...]:
        """
        Return at most *limit* records beyond the one with number *after*, in the order of numbers.

        With *newest_first* they go down: from *after*, or from the newest if that is 0.  Replicas
        on PostgreSQL may commit a number after a higher one: whoever follows the journal looks
        back a little.
        """
        query = page_query(after, limit, filters or Filters(), newest_first=newest_first)

        async def work(connection: AsyncConnection) -> tuple[Record, ...]:
            rows = await connection.execute(query)
            return tuple(Record(**row) for row in rows.mappings())

        return await self._database.read(work)

    async def by_fingerprint(self, fingerprint: str, limit: int = 1000) -> tuple[Record, ...]:
        """Return the records about the token with *fingerprint*, oldest first."""
        return await self.page(limit=limit, filters=Filters(fingerprint=fingerprint))

    async def prune(self, before: float) -> int:
        """Remove the records of times before *before* (seconds); return how many there were."""
        old = select(JOURNAL.c.id).where(JOURNAL.c.at < before).limit(_BATCH)
        gone = delete(JOURNAL).where(JOURNAL.c.id.in_(old))

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(gone)).rowcount

        count = 0
        # In pieces: a year's records take longer than a transaction may, and leases wait for it.
        while removed := await self._database.write(work):
            count += removed
        return count

    async def close(self) -> None:
        """Commit what was appended, and take no more."""
        await self._commits.close()


def page_query(
    after: int, limit: int, filters: Filters, *, newest_first: bool
) -> Select[tuple[Any, ...]]:
    """Return the query of `Journal.page`."""
    query = select(JOURNAL).where(*_conditions(filters)).limit(limit)
    if not newest_first:
        return query.order_by(JOURNAL.c.id).where(JOURNAL.c.id > after)
    query = query.order_by(JOURNAL.c.id.desc())
    return query.where(JOURNAL.c.id < after) if after else query


def _conditions(filters: Filters) -> list[Any]:
    conditions = []
    for name, value in asdict(filters).items():
        if value is None:
            continue
        match name:
            case "since":
                conditions.append(JOURNAL.c.at >= value)
            case "until":
                conditions.append(JOURNAL.c.at < value)
            case "kind" if value not in COMMON_KINDS:
                # Said in the words of the index, or no database would know that it has all of them.
                conditions += [RARE_KIND, JOURNAL.c.kind == value]
            case _:
                conditions.append(JOURNAL.c[name] == value)
    return conditions
