"""How often a workspace used a grant within an hour, counted over all replicas."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from gitlease.broker.store.tables import QUOTAS

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database
    from gitlease.model.grants import Grant


class Quotas:
    """Counters, one for each workspace, grant and hour (hours since 1970)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, workspace_id: str, grant: Grant, hour: int) -> bool:
        """Count one more lease by *grant* if its quota for *hour* allows that; tell whether."""
        make = sqlite.insert if self._database.is_sqlite else postgresql.insert
        change = (
            make(QUOTAS)
            .values(**_row(workspace_id, grant, hour), taken=1)
            .on_conflict_do_update(
                index_elements=["workspace_id", "granted", "hour"],
                set_={"taken": QUOTAS.c.taken + 1},
                where=QUOTAS.c.taken < grant.max_per_hour,
            )
            .returning(QUOTAS.c.taken)
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).first() is not None

        return grant.max_per_hour is None or await self._database.write(work)

    async def give_back(self, workspace_id: str, grant: Grant, hour: int) -> None:
        """Count one less: what was taken came to no lease."""
        same = [QUOTAS.c[name] == value for name, value in _row(workspace_id, grant, hour).items()]
        change = update(QUOTAS).where(*same).values(taken=QUOTAS.c.taken - 1)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(change)

        await self._database.write(work)

    async def forget(self, before: int) -> None:
        """Remove the counters of hours earlier than *before*."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(QUOTAS).where(QUOTAS.c.hour < before))

        await self._database.write(work)


def _row(workspace_id: str, grant: Grant, hour: int) -> dict[str, Any]:
    # Names of 500 repositories are more than an index of PostgreSQL takes.
    digest = hashlib.sha256(grant.scope.key.encode()).hexdigest()
    return {"workspace_id": workspace_id, "granted": digest, "hour": hour}
