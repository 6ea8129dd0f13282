"""Enrolment secrets: by one, a workspace that has no bearer yet may register for its first."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, or_, select, update

from gitlease.broker.store.batches import Batches
from gitlease.broker.store.bearers import digest_of
from gitlease.broker.store.journal_writes import about, add
from gitlease.broker.store.tables import ENROLMENTS
from gitlease.model.tokens import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database
    from gitlease.broker.store.records import Entry

ENROLMENT_PREFIX: Final = "gle_"


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """An enrolment that was just made; its `secret` is nowhere else."""

    id: str
    secret: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """
    An enrolment as a person may see it.

    `workspace_id` is None for any workspace, `uses` None for any number, times are seconds.
    """

    id: str
    workspace_id: str | None
    uses: int | None
    used: int
    created_at: float
    expires_at: float | None
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """
    A secret that was good when it was looked up.

    `is_own` if it is for the workspace that shows it, and for no other.
    """

    id: str
    created_at: float
    is_own: bool


class Enrolments:
    """Makes, lists, revokes, recognises and uses enrolment secrets."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._reads = Batches(self._find)

    async def create(
        self,
        workspace_id: str | None = None,
        uses: int | None = None,
        expires_at: float | None = None,
        record: Entry | None = None,
    ) -> NewEnrolment:
        """
        Make a secret for one workspace or any, good *uses* times until *expires_at*.

        *record* goes into the journal with it, and names it.
        """
        new = NewEnrolment(
            secrets.token_hex(8), Secret(ENROLMENT_PREFIX + secrets.token_urlsafe(32))
        )
        row = {
            "id": new.id,
            "workspace_id": workspace_id,
            "digest": digest_of(new.secret),
            "uses": uses,
            "used": 0,
            "created_at": self._now(),
            "expires_at": expires_at,
        }

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(ENROLMENTS).values(row))
            await add(connection, about(record, new.id))

        await self._database.write(work)
        return new

    async def list(self) -> tuple[EnrolmentRow, ...]:
        """Return every enrolment, oldest first."""
        columns = [column for column in ENROLMENTS.c if column.name != "digest"]
        query = select(*columns).order_by(ENROLMENTS.c.created_at, ENROLMENTS.c.id)

        async def work(connection: AsyncConnection) -> tuple[EnrolmentRow, ...]:
            rows = await connection.execute(query)
            return tuple(EnrolmentRow(**row) for row in rows.mappings())

        return await self._database.read(work)

    async def revoke(self, enrolment_id: str, record: Entry | None = None) -> bool:
        """
        Revoke an enrolment; tell whether there was a live one of that id.

        If so, *record* is in the journal.
        """
        change = (
            update(ENROLMENTS)
            .where(ENROLMENTS.c.id == enrolment_id, ENROLMENTS.c.revoked_at.is_(None))
            .values(revoked_at=self._now())
        )

        async def work(connection: AsyncConnection) -> bool:
            revoked = (await connection.execute(change)).rowcount > 0
            await add(connection, record if revoked else None)
            return revoked

        return await self._database.write(work)

    async def find(self, secret_digest: bytes, workspace_id: str) -> Invitation | None:
        """
        Return what the secret with that SHA-256 says to *workspace_id*, None if it is not good.

        Of all who ask at a time there is one read: guesses are no lever, and need no writer.
        """
        row = await self._reads.ask(secret_digest)
        if row is None or row.workspace_id not in {None, workspace_id}:
            return None
        return Invitation(row.id, row.created_at, row.workspace_id is not None)

    async def _find(self, digests: Sequence[bytes]) -> Sequence[Any]:
        e = ENROLMENTS.c
        query = select(e.digest, e.id, e.workspace_id, e.created_at).where(
            e.digest.in_(digests), *_good(self._now())
        )

        async def work(connection: AsyncConnection) -> Sequence[Any]:
            return (await connection.execute(query)).all()

        found = {row.digest: row for row in await self._database.read(work)}
        return [found.get(digest) for digest in digests]

    async def close(self) -> None:
        """Answer who has asked, and nobody else."""
        await self._reads.close()

    async def use(self, connection: AsyncConnection, invitation: Invitation) -> bool:
        """Use *invitation* once, in *connection*'s transaction; tell whether it was still good."""
        used = ENROLMENTS.c.used + 1
        change = update(ENROLMENTS).where(ENROLMENTS.c.id == invitation.id, *_good(self._now()))
        return (await connection.execute(change.values(used=used))).rowcount > 0


def _good(now: float) -> tuple[Any, ...]:
    e = ENROLMENTS.c
    return (
        e.revoked_at.is_(None),
        or_(e.uses.is_(None), e.used < e.uses),
        or_(e.expires_at.is_(None), e.expires_at > now),
    )
