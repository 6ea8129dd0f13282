"""How a batch of records gets into the journal: by as few statements as there can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs
from sqlalchemy import exists, insert, select
from sqlalchemy.sql.expression import bindparam

from gitlease.broker.store.errors import StoreError
from gitlease.broker.store.records import Entry, Outcome
from gitlease.broker.store.statements import COLUMNS, VALUES, journal_insert, values_of
from gitlease.broker.store.tables import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database


@dataclass(frozen=True, slots=True)
class End:
    """How the intent with that number ended."""

    intent_id: int
    outcome: Outcome


_EARLIER: Final = JOURNAL.alias("earlier")
_OPEN: Final = select(JOURNAL).where(
    JOURNAL.c.id.in_(bindparam("numbers", expanding=True)),
    JOURNAL.c.kind == "intent",
    ~exists().where(_EARLIER.c.intent_id == JOURNAL.c.id),
)
_NUMBERED: Final = insert(JOURNAL).returning(JOURNAL.c.id, sort_by_parameter_order=True)


async def commit(database: Database, records: Sequence[Entry | End]) -> Sequence[Any]:
    """
    Write *records*, all in one transaction.

    Returns for each the number of an intent, the error of an end that has no open intent, or None.
    """
    entries = [one for one in records if isinstance(one, Entry) and one.kind != "intent"]
    if database.is_sqlite and len(entries) == len(records):
        await database.say(journal_insert(len(entries)), values_of(entries), writes=True)
        return [None] * len(records)
    return await database.write(lambda to: _write(to, records, is_sqlite=database.is_sqlite))


async def add(connection: AsyncConnection, record: Entry | None) -> None:
    """Write *record* in *connection*'s transaction, with the change that it is of."""
    if record is not None:
        await _insert(connection, [record], is_sqlite=connection.dialect.name == "sqlite")


def about(record: Entry | None, token_id: str) -> Entry | None:
    """Return *record*, naming the bearer or secret that the change made."""
    return record and structs.replace(record, token_id=token_id)


async def _write(
    connection: AsyncConnection, records: Sequence[Entry | End], *, is_sqlite: bool
) -> Sequence[Any]:
    results: list[Any] = [None] * len(records)
    intents = await _open(connection, [one.intent_id for one in records if isinstance(one, End)])
    notes: list[Entry] = []
    numbered: dict[int, Entry] = {}
    for place, record in enumerate(records):
        if isinstance(record, End):
            # Taken out: an intent has one end.
            intent = intents.pop(record.intent_id, None)
            if intent is None:
                results[place] = _no_intent(record)
            else:
                notes.append(_ended(intent, record.outcome))
        elif record.kind == "intent":
            numbered[place] = record
        else:
            notes.append(record)
    if notes:
        await _insert(connection, notes, is_sqlite=is_sqlite)
    if numbered:
        numbers = await _number(connection, list(numbered.values()), is_sqlite=is_sqlite)
        for place, number in zip(numbered, numbers, strict=True):
            results[place] = number
    return results


async def _open(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    if not numbers:
        return {}
    return {row.id: row for row in await connection.execute(_OPEN, {"numbers": numbers})}


def _ended(intent: Row[Any], outcome: Outcome) -> Entry:
    return Entry(
        at=outcome.at,
        kind=outcome.kind,
        request_id=intent.request_id,
        workspace_id=intent.workspace_id,
        token_id=intent.token_id,
        scope=intent.scope,
        owner=intent.owner,
        fingerprint=outcome.fingerprint,
        expires_at=outcome.expires_at,
        source=outcome.source,
        reason=outcome.reason,
        intent_id=intent.id,
    )


def _no_intent(end: End) -> StoreError:
    return StoreError(f"intent {end.intent_id} is not in the journal, or has ended")


async def _insert(
    connection: AsyncConnection, entries: Sequence[Entry], *, is_sqlite: bool
) -> None:
    if is_sqlite:
        values = tuple(values_of(entries))
        await connection.exec_driver_sql(journal_insert(len(entries)), values)
    else:
        await connection.execute(insert(JOURNAL), _named(entries))


async def _number(
    connection: AsyncConnection, intents: Sequence[Entry], *, is_sqlite: bool
) -> Sequence[int]:
    if is_sqlite:
        statement = f"{journal_insert(len(intents))} RETURNING id"
        rows = await connection.exec_driver_sql(statement, tuple(values_of(intents)))
        # The rows are numbered in their order; only that of what is returned is left open.
        return sorted(rows.scalars())
    numbers: Sequence[int] = (await connection.execute(_NUMBERED, _named(intents))).scalars().all()
    return numbers


def _named(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, VALUES(entry), strict=True)) for entry in entries]
