"""
How a workspace comes in by an enrolment secret: one transaction, or nothing happened.

Whoever was shut out, or removed, stays out until an operator's later word: otherwise a secret that
a fleet shares, or one in a stolen image, would undo what was done in the night.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gitlease.broker.store.bearers import row_of, text_of
from gitlease.broker.store.errors import ShutOutError
from gitlease.broker.store.journal_writes import add
from gitlease.broker.store.tables import BEARERS, WORKSPACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.bearers import NewBearer
    from gitlease.broker.store.database import Database
    from gitlease.broker.store.enrolments import Enrolments, Invitation
    from gitlease.broker.store.records import Entry


class Enrolling:
    """Lets workspaces in by the secrets of *enrolments*."""

    def __init__(
        self, database: Database, enrolments: Enrolments, now: Callable[[], float]
    ) -> None:
        self._database = database
        self._enrolments = enrolments
        self._now = now

    async def first_bearer(
        self,
        workspace_id: str,
        invitation: Invitation | None,
        new: NewBearer,
        record: Entry | None = None,
    ) -> bool:
        """
        Make *new* the bearer of *workspace_id* unless one is live; tell whether that was done.

        Then *record* is in the journal too.

        A workspace that was never there is made, without grants.  *invitation* is used once, for
        the bearer that was made; None is no secret at all.  Raises `ShutOutError` for whom it does
        not let in.
        """
        now = self._now()
        values = {"id": workspace_id, "grants": text_of(()), "created_at": now}
        make = sqlite.insert if self._database.is_sqlite else postgresql.insert
        mine = WORKSPACES.c.id == workspace_id
        columns = select(WORKSPACES.c.removed_at, WORKSPACES.c.shut_at).where(mine)
        live = select(BEARERS.c.id).where(
            BEARERS.c.workspace_id == workspace_id, BEARERS.c.revoked_at.is_(None)
        )

        async def work(connection: AsyncConnection) -> bool:
            created = make(WORKSPACES).values(**values)
            await connection.execute(created.on_conflict_do_nothing(index_elements=["id"]))
            # On PostgreSQL the row is what callers of this method wait for one another on.
            row = (await connection.execute(columns.with_for_update())).one()
            changes = _readmitted(row, invitation)
            # Looked at first: a container that registers at each start, and has its bearer, would
            # use up what was meant for the others.
            if (await connection.execute(live.limit(1))).first() is not None:
                return False
            if invitation is not None and not await self._enrolments.use(connection, invitation):
                raise ShutOutError(f"the secret for workspace {workspace_id} is used up")
            if row.removed_at is not None:
                changes |= {"grants": values["grants"], "created_at": now}
            if changes:
                await connection.execute(update(WORKSPACES).where(mine).values(changes))
            await connection.execute(insert(BEARERS).values(row_of(new, workspace_id, now)))
            await add(connection, record)
            return True

        return await self._database.write(work)


def _readmitted(row: Any, invitation: Invitation | None) -> dict[str, Any]:
    """Return what changes for a workspace that may come in; raise `ShutOutError` if it may not."""
    shut_at = max(row.removed_at or 0.0, row.shut_at or 0.0)
    if not shut_at:
        return {}
    # Whoever makes a secret later wants it used; one for a whole fleet names no removed workspace.
    if invitation is None or invitation.created_at <= shut_at:
        raise ShutOutError("it was shut out, and its secret is from before that")
    if row.removed_at is not None and not invitation.is_own:
        raise ShutOutError("it was removed, and its secret is not for it alone")
    return {"removed_at": None, "shut_at": None}
