"""Enrolment secrets: by one, a workspace that has no bearer yet may register for its first."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, or_, select, update

from gitlease.broker.store.bearers import digest_of
from gitlease.broker.store.tables import ENROLMENTS
from gitlease.model.tokens import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database

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


class Enrolments:
    """Makes, lists, revokes and uses enrolment secrets."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def create(
        self,
        workspace_id: str | None = None,
        uses: int | None = None,
        expires_at: float | None = None,
    ) -> NewEnrolment:
        """Make a secret for one workspace or any, good *uses* times until *expires_at*."""
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

    async def revoke(self, enrolment_id: str) -> bool:
        """Revoke an enrolment; tell whether there was a live one of that id."""
        change = (
            update(ENROLMENTS)
            .where(ENROLMENTS.c.id == enrolment_id, ENROLMENTS.c.revoked_at.is_(None))
            .values(revoked_at=self._now())
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount > 0

        return await self._database.write(work)

    async def use(self, secret_digest: bytes, workspace_id: str) -> bool:
        """Use the secret with that SHA-256 once for *workspace_id*; tell whether it was good."""
        e = ENROLMENTS.c
        change = (
            update(ENROLMENTS)
            .where(
                e.digest == secret_digest,
                e.revoked_at.is_(None),
                or_(e.workspace_id.is_(None), e.workspace_id == workspace_id),
                or_(e.uses.is_(None), e.used < e.uses),
                or_(e.expires_at.is_(None), e.expires_at > self._now()),
            )
            .values(used=e.used + 1)
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount > 0

        return await self._database.write(work)
