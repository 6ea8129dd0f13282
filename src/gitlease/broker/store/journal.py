"""
The append-only record: no lease leaves the broker before it stands here.

Every method that writes returns when its record is committed.  Nothing here changes a record, and
only `prune` removes any.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, exists, insert, literal, select

from gitlease.broker.store.errors import StoreError
from gitlease.broker.store.group_commit import GroupCommit
from gitlease.broker.store.records import Entry, Filters, Outcome, Record
from gitlease.broker.store.tables import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database

_BATCH: Final = 5_000  # records that are removed in one transaction


@dataclass(frozen=True, slots=True)
class _End:
    intent_id: int
    outcome: Outcome


class Journal:
    """Writes, reads and prunes the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commits: GroupCommit[Entry | _End] = GroupCommit(database, _write)

    async def intend(self, entry: Entry) -> int:
        """Write an intent; return its number, by which `end` ends it."""
        return int(await self._commits.append(entry))

    async def end(self, intent_id: int, outcome: Outcome) -> None:
        """
        Write how an intent ended: a new record, with the intent's workspace, scope and request.

        Raises `StoreError` if there is no such intent or it has ended: an intent has one end.
        """
        await self._commits.append(_End(intent_id, outcome))

    async def note(self, entry: Entry) -> None:
        """Write an entry that needs no intent: a refusal, a lease of a token that was there."""
        await self._commits.append(entry)

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
        query = select(JOURNAL).where(*_conditions(filters or Filters())).limit(limit)
        if newest_first:
            query = query.order_by(JOURNAL.c.id.desc())
            if after:
                query = query.where(JOURNAL.c.id < after)
        else:
            query = query.order_by(JOURNAL.c.id).where(JOURNAL.c.id > after)

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


async def _write(connection: AsyncConnection, records: Sequence[Entry | _End]) -> Sequence[Any]:
    results: list[Any] = [None] * len(records)
    places: list[int] = []
    intents: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for place, record in enumerate(records):
        if isinstance(record, _End):
            results[place] = await _write_end(connection, record)
        elif record.kind == "intent":
            intents.append(asdict(record))
            places.append(place)
        else:
            notes.append(asdict(record))
    if notes:
        await connection.execute(insert(JOURNAL), notes)
    if intents:
        numbered = insert(JOURNAL).returning(JOURNAL.c.id, sort_by_parameter_order=True)
        numbers = (await connection.execute(numbered, intents)).scalars().all()
        for place, number in zip(places, numbers, strict=True):
            results[place] = number
    return results


async def _write_end(connection: AsyncConnection, end: _End) -> StoreError | None:
    said = asdict(end.outcome) | {"intent_id": end.intent_id}
    intent = JOURNAL.alias("intent")
    earlier = JOURNAL.alias("earlier")
    columns = [column for column in JOURNAL.c if column.name != "id"]
    values = [
        literal(said[column.name], column.type).label(column.name)
        if column.name in said
        else intent.c[column.name]
        for column in columns
    ]
    whole = select(*values).where(
        intent.c.id == end.intent_id,
        intent.c.kind == "intent",
        ~exists().where(earlier.c.intent_id == end.intent_id),
    )
    done = await connection.execute(insert(JOURNAL).from_select([c.name for c in columns], whole))
    if done.rowcount == 1:
        return None
    return StoreError(f"intent {end.intent_id} is not in the journal, or has ended")


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
            case _:
                conditions.append(JOURNAL.c[name] == value)
    return conditions
