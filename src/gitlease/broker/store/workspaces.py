"""Workspaces and what each may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gitlease.broker.store.bearers import grants_of, text_of
from gitlease.broker.store.errors import UnknownWorkspaceError, WorkspaceExistsError
from gitlease.broker.store.journal_writes import add
from gitlease.broker.store.tables import BEARERS, ENROLMENTS, JOURNAL, TOKENS, WORKSPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database
    from gitlease.broker.store.invalidations import Invalidations
    from gitlease.broker.store.records import Entry
    from gitlease.broker.store.tokens import StoredToken, Tokens
    from gitlease.model.grants import Grant


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """A workspace that is there; `created_at` is in seconds."""

    id: str
    grants: tuple[Grant, ...]
    created_at: float


@dataclass(frozen=True, slots=True)
class Removed:
    """
    What went with a workspace: how many live bearers, and the live tokens that only it held.

    The tokens have left the store; GitHub does not know yet.
    """

    bearers: int
    tokens: tuple[StoredToken, ...]


class Workspaces:
    """Creates, reads, changes and removes workspaces."""

    def __init__(
        self,
        database: Database,
        invalidations: Invalidations,
        tokens: Tokens,
        now: Callable[[], float],
    ) -> None:
        self._database = database
        self._invalidations = invalidations
        self._tokens = tokens
        self._now = now

    async def create(
        self, workspace_id: str, grants: Iterable[Grant] = (), record: Entry | None = None
    ) -> WorkspaceRow:
        """
        Create a workspace, and write *record*; without grants it may ask for nothing.

        One that was removed may come again: its old bearers stay revoked, and enrolment secrets
        that are good let it in.  Raises `WorkspaceExistsError`.
        """
        row = WorkspaceRow(workspace_id, tuple(grants), self._now())
        make = sqlite.insert if self._database.is_sqlite else postgresql.insert
        values = {
            "grants": text_of(row.grants),
            "created_at": row.created_at,
            "removed_at": None,
            "shut_at": None,
        }
        change = (
            make(WORKSPACES)
            .values(id=workspace_id, **values)
            .on_conflict_do_update(
                index_elements=["id"], set_=values, where=WORKSPACES.c.removed_at.is_not(None)
            )
            .returning(WORKSPACES.c.id)
        )

        async def work(connection: AsyncConnection) -> bool:
            is_new = (await connection.execute(change)).first() is not None
            await add(connection, record if is_new else None)
            return is_new

        if not await self._database.write(work):
            raise WorkspaceExistsError(f"there is a workspace {workspace_id} already")
        return row

    async def get(self, workspace_id: str) -> WorkspaceRow | None:
        """Return the workspace *workspace_id*, or None if there is none or it was removed."""
        query = _live().where(WORKSPACES.c.id == workspace_id)

        async def work(connection: AsyncConnection) -> WorkspaceRow | None:
            found = (await connection.execute(query)).first()
            return None if found is None else _row(found)

        return await self._database.read(work)

    async def list(self, after: str = "", limit: int = 100) -> tuple[WorkspaceRow, ...]:
        """Return at most *limit* workspaces in the order of their ids, those beyond *after*."""
        query = _live().where(WORKSPACES.c.id > after).order_by(WORKSPACES.c.id).limit(limit)

        async def work(connection: AsyncConnection) -> tuple[WorkspaceRow, ...]:
            return tuple(_row(row) for row in await connection.execute(query))

        return await self._database.read(work)

    async def set_grants(self, workspace_id: str, grants: Iterable[Grant]) -> WorkspaceRow:
        """Replace the grants of *workspace_id*; raise `UnknownWorkspaceError`."""
        granted = tuple(grants)
        return await self.change_grants(workspace_id, lambda _: granted)

    async def change_grants(
        self,
        workspace_id: str,
        change: Callable[[tuple[Grant, ...]], Iterable[Grant]],
        record: Callable[[tuple[Grant, ...]], Entry] | None = None,
    ) -> WorkspaceRow:
        """
        Let *change* say what the grants of *workspace_id* become, given what they are.

        What *record* makes of the new ones is written into the journal with them.

        Nobody else changes them meanwhile: of two changes at once neither undoes the other.
        Raises `UnknownWorkspaceError`, and what *change* raises.
        """
        mine = WORKSPACES.c.id == workspace_id
        message = {"kind": "workspace", "workspace_id": workspace_id}

        async def work(connection: AsyncConnection) -> WorkspaceRow:
            found = (await connection.execute(_live().where(mine).with_for_update())).first()
            if found is None:
                raise UnknownWorkspaceError(f"there is no workspace {workspace_id}")
            granted = tuple(change(grants_of(found.grants)))
            values = {"grants": text_of(granted)}
            await connection.execute(update(WORKSPACES).where(mine).values(values))
            await add(connection, record and record(granted))
            await self._invalidations.announce(connection, message)
            return WorkspaceRow(workspace_id, granted, found.created_at)

        row = await self._database.write(work)
        self._invalidations.deliver(message)
        return row

    async def remove(
        self, workspace_id: str, record: Entry | None = None, *, also_shared: bool = False
    ) -> Removed:
        """
        Remove *workspace_id*, revoke its bearers and the enrolment secrets for it alone.

        *record* goes into the journal with that.  Raises `UnknownWorkspaceError`.

        Its live tokens that the journal knows no other holder of leave the store too, and are
        returned, so that GitHub can be asked to revoke them: also one that a renewal has replaced,
        and with *also_shared* those that others hold too.
        """
        messages = [{"kind": "workspace", "workspace_id": workspace_id}]

        async def work(connection: AsyncConnection) -> Removed:
            now = self._now()
            gone = update(WORKSPACES).where(
                WORKSPACES.c.id == workspace_id, WORKSPACES.c.removed_at.is_(None)
            )
            if (await connection.execute(gone.values(removed_at=now))).rowcount == 0:
                raise UnknownWorkspaceError(f"there is no workspace {workspace_id}")
            revoked = update(BEARERS).where(
                BEARERS.c.workspace_id == workspace_id, BEARERS.c.revoked_at.is_(None)
            )
            bearers = (await connection.execute(revoked.values(revoked_at=now))).rowcount
            invited = update(ENROLMENTS).where(
                ENROLMENTS.c.workspace_id == workspace_id, ENROLMENTS.c.revoked_at.is_(None)
            )
            await connection.execute(invited.values(revoked_at=now))
            await add(connection, record)
            which = _held(workspace_id, now)
            if not also_shared:
                which &= ~_held_by_others()
            dropped = delete(TOKENS).where(which).returning(TOKENS)
            rows = (await connection.execute(dropped)).all()
            messages[1:] = [{"kind": "token", "fingerprint": row.fingerprint} for row in rows]
            for message in messages:
                await self._invalidations.announce(connection, message)
            opened = [self._tokens.opened(row) for row in rows]
            return Removed(bearers, tuple(token for token in opened if token is not None))

        removed = await self._database.write(work)
        for message in messages:
            self._invalidations.deliver(message)
        return removed


def _live() -> Any:
    columns = (WORKSPACES.c.id, WORKSPACES.c.grants, WORKSPACES.c.created_at)
    return select(*columns).where(WORKSPACES.c.removed_at.is_(None))


def _row(found: Row[Any]) -> WorkspaceRow:
    return WorkspaceRow(found.id, grants_of(found.grants), found.created_at)


def _held(workspace_id: str, now: float) -> Any:
    lease = JOURNAL.alias("lease")
    same = (lease.c.fingerprint == TOKENS.c.fingerprint) & (lease.c.kind == "lease")
    its_own = exists().where(same, lease.c.workspace_id == workspace_id)
    return (TOKENS.c.expires_at > now) & its_own


def _held_by_others() -> Any:
    lease = JOURNAL.alias("other_lease")
    same = (lease.c.fingerprint == TOKENS.c.fingerprint) & (lease.c.kind == "lease")
    # A lease of no workspace is the operator's.
    another_live = exists().where(
        WORKSPACES.c.id == lease.c.workspace_id, WORKSPACES.c.removed_at.is_(None)
    )
    return exists().where(same, or_(lease.c.workspace_id.is_(None), another_live))
