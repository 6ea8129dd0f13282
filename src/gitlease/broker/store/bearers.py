"""
The bearers by which workspaces prove who they are: 256 random bits, of which SHA-256 is kept.

A bearer belongs to one workspace.  When it was last used is written down now and then, never on
the way of a request.
"""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.sql.expression import bindparam

from gitlease.broker.store.batches import Batches
from gitlease.broker.store.callers import CallerRow
from gitlease.broker.store.errors import StoreError, UnknownWorkspaceError
from gitlease.broker.store.journal_writes import about, add
from gitlease.broker.store.statements import with_list
from gitlease.broker.store.tables import BEARERS, WORKSPACES
from gitlease.model.errors import RequestError
from gitlease.model.grants import Grant
from gitlease.model.tokens import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.callers import Callers
    from gitlease.broker.store.database import Database
    from gitlease.broker.store.invalidations import Invalidations
    from gitlease.broker.store.records import Entry

# Secret scanners and people can tell whose it is.
BEARER_PREFIX: Final = "glw_"
_SHOWN: Final = 10  # characters; what is left has far more than 200 random bits
# Built once: to put it together takes longer than to carry it out.
_CALLERS: Final = (
    select(BEARERS.c.digest, WORKSPACES.c.id, BEARERS.c.id.label("token_id"), WORKSPACES.c.grants)
    .join(WORKSPACES, WORKSPACES.c.id == BEARERS.c.workspace_id)
    .where(
        BEARERS.c.digest.in_(bindparam("digests", expanding=True)),
        BEARERS.c.revoked_at.is_(None),
        WORKSPACES.c.removed_at.is_(None),
    )
)
_callers_text: Final = functools.cache(functools.partial(with_list, _CALLERS, "digests"))


@dataclass(frozen=True, slots=True)
class NewBearer:
    """A bearer that was just made; its `plaintext` is nowhere else."""

    token_id: str
    plaintext: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class BearerRow:
    """A bearer as a person may see it: `prefix` is its first characters, times are seconds."""

    token_id: str
    prefix: str
    created_at: float
    last_used_at: float | None
    revoked_at: float | None


def digest_of(secret: Secret) -> bytes:
    """Return the form in which bearers and enrolment secrets are kept and looked up: SHA-256."""
    return hashlib.sha256(secret.reveal().encode("utf-8", "surrogatepass")).digest()


class Bearers:
    """Makes, lists, revokes and recognises bearers."""

    def __init__(
        self,
        database: Database,
        invalidations: Invalidations,
        callers: Callers,
        now: Callable[[], float],
    ) -> None:
        self._database = database
        self._invalidations = invalidations
        self._callers = callers
        self._now = now
        self._used: dict[str, float] = {}
        self._reads = Batches(self._read_callers)

    async def create(self, workspace_id: str, record: Entry | None = None) -> NewBearer:
        """
        Make a bearer for *workspace_id*; raise `UnknownWorkspaceError`.

        *record* goes into the journal with it, and names it.
        """
        bearer = new_bearer()

        async def work(connection: AsyncConnection) -> NewBearer:
            # On PostgreSQL nobody removes it meanwhile.
            workspace = select(WORKSPACES.c.removed_at).where(WORKSPACES.c.id == workspace_id)
            found = (await connection.execute(workspace.with_for_update())).first()
            if found is None or found.removed_at is not None:
                raise UnknownWorkspaceError(f"there is no workspace {workspace_id}")
            row = row_of(bearer, workspace_id, self._now())
            await connection.execute(insert(BEARERS).values(row))
            await add(connection, about(record, bearer.token_id))
            return bearer

        return await self._database.write(work)

    async def list(self, workspace_id: str) -> tuple[BearerRow, ...]:
        """Return the bearers of *workspace_id*, live and revoked, oldest first."""
        columns = (BEARERS.c.prefix, BEARERS.c.created_at, BEARERS.c.last_used_at)
        query = select(BEARERS.c.id, *columns, BEARERS.c.revoked_at).where(
            BEARERS.c.workspace_id == workspace_id
        )

        async def work(connection: AsyncConnection) -> tuple[BearerRow, ...]:
            rows = await connection.execute(query.order_by(BEARERS.c.created_at, BEARERS.c.id))
            return tuple(BearerRow(*row) for row in rows)

        return await self._database.read(work)

    async def revoke(
        self,
        workspace_id: str,
        token_id: str,
        record: Entry | None = None,
        *,
        shuts: bool | None = None,
    ) -> bool:
        """
        Revoke a bearer of *workspace_id*; tell whether there was a live one of that id.

        If so, *record* is in the journal.
        It is dead here when this returns, and within a second on every other replica.  With
        *shuts* no enrolment secret that there is gives the workspace another one; false takes that
        back, None leaves it.
        """
        message = {"kind": "bearer", "workspace_id": workspace_id, "token_id": token_id}
        change = (
            update(BEARERS)
            .where(
                BEARERS.c.id == token_id,
                BEARERS.c.workspace_id == workspace_id,
                BEARERS.c.revoked_at.is_(None),
            )
            .values(revoked_at=self._now())
        )

        shut = update(WORKSPACES).where(WORKSPACES.c.id == workspace_id)

        async def work(connection: AsyncConnection) -> bool:
            revoked = (await connection.execute(change)).rowcount > 0
            if revoked and shuts is not None:
                shut_at = self._now() if shuts else None
                await connection.execute(shut.values(shut_at=shut_at))
            if revoked:
                await add(connection, record)
                await self._invalidations.announce(connection, message)
            return revoked

        revoked = await self._database.write(work)
        self._invalidations.deliver(message)
        return revoked

    async def caller(self, digest: bytes, shown_as: str | None = None) -> CallerRow | None:
        """
        Return whose live bearer has *digest*, with the grants of the moment; None for nobody's.

        One read at most: the answer may be half a second old, never older than a revocation here.
        *shown_as* is the workspace that whoever shows it claims to be.
        """
        row = self._callers.get(digest)
        if row is None:
            row = await self._reads.ask(digest)
        elif shown_as not in {None, row.workspace_id}:
            # It is refused, after the read that an unknown one takes: the time tells nobody that a
            # bearer which he found is a live one.
            await self._reads.ask(secrets.token_bytes(len(digest)))
        if row is not None:
            self._used[row.token_id] = self._now()
        return row

    async def _read_callers(
        self, digests: Sequence[bytes]
    ) -> Sequence[CallerRow | StoreError | None]:
        asked, epoch = self._callers.time(), self._callers.epoch
        rows: dict[bytes, CallerRow | StoreError] = {}
        for digest, workspace_id, token_id, grants in await self._found(digests):
            try:
                row = CallerRow(workspace_id, token_id, grants_of(grants))
            except (ValueError, TypeError, LookupError, AttributeError, RequestError):
                # Its own trouble, and none of those who ask at the same time.
                rows[digest] = StoreError(
                    f"the grants of workspace {workspace_id} cannot be read",
                    hint="set them again (PATCH /admin/workspaces), or restore the database",
                )
                continue
            rows[digest] = row
            self._callers.put(digest, row, asked=asked, epoch=epoch)
        return [rows.get(digest) for digest in digests]

    async def _found(self, digests: Sequence[bytes]) -> Sequence[Any]:
        if self._database.is_sqlite:
            return await self._database.say(_callers_text(len(digests)), digests, writes=False)

        async def work(connection: AsyncConnection) -> Sequence[Any]:
            return (await connection.execute(_CALLERS, {"digests": digests})).all()

        return await self._database.read(work)

    async def close(self) -> None:
        """Answer who has asked, and nobody else."""
        await self._reads.close()

    async def write_last_used(self) -> None:
        """Write down when bearers were last used; what cannot be written is kept for later."""
        used, self._used = self._used, {}
        if not used:
            return
        change = (
            update(BEARERS)
            .where(BEARERS.c.id == bindparam("token"))
            .values(last_used_at=bindparam("used"))
        )
        # In one order everywhere, or two replicas could wait for each other's rows.
        rows = [{"token": token_id, "used": at} for token_id, at in sorted(used.items())]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(change, rows)

        try:
            await self._database.write(work)
        except BaseException:
            self._used = used | self._used
            raise


def new_bearer() -> NewBearer:
    """Return a bearer that nobody has yet."""
    return NewBearer(secrets.token_hex(8), Secret(BEARER_PREFIX + secrets.token_urlsafe(32)))


def row_of(bearer: NewBearer, workspace_id: str, now: float) -> dict[str, Any]:
    """Return the row of *bearer*, which from *now* on is that workspace's."""
    return {
        "id": bearer.token_id,
        "workspace_id": workspace_id,
        "digest": digest_of(bearer.plaintext),
        "prefix": bearer.plaintext.reveal()[:_SHOWN],
        "created_at": now,
    }


def grants_of(text: str) -> tuple[Grant, ...]:
    """Read the grants that a row of workspaces keeps."""
    return tuple(Grant.from_json(one) for one in json.loads(text))


def text_of(grants: tuple[Grant, ...]) -> str:
    """Return *grants* as a row of workspaces keeps them."""
    return json.dumps([grant.as_json() for grant in grants])
