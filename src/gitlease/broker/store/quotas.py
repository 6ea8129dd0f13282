"""How often a workspace used its grant for an owner within an hour, counted over all replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from gitlease.broker.store.tables import QUOTAS

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database


class Quotas:
    """Counters, one for each workspace, owner and hour."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, workspace_id: str, owner: str, hour: int) -> int:
        """Count one more, and return how many that makes: no two callers get the same number."""
        make = sqlite.insert if self._database.is_sqlite else postgresql.insert
        row = {"workspace_id": workspace_id, "owner": owner, "hour": hour, "taken": 1}
        change = (
            make(QUOTAS)
            .values(**row)
            .on_conflict_do_update(
                index_elements=["workspace_id", "owner", "hour"],
                set_={"taken": QUOTAS.c.taken + 1},
            )
            .returning(QUOTAS.c.taken)
        )

        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(change)).scalar_one())

        return await self._database.write(work)

    async def forget(self, before: int) -> None:
        """Remove the counters of hours earlier than *before*."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(QUOTAS).where(QUOTAS.c.hour < before))

        await self._database.write(work)
