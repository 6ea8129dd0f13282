"""
What an operator changes: workspaces, their grants and bearers; each change is on record.

A change in the database and its record are one transaction: neither is there without the other.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from gitlease.broker.deadline import LIMIT, in_time
from gitlease.broker.errors import NotThereError
from gitlease.broker.minters import Minted
from gitlease.broker.naming import is_token_id, is_workspace_id
from gitlease.model.counts import counted
from gitlease.model.errors import GitleaseError
from gitlease.model.targets import lower
from gitlease.model.wire import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlease.broker.ledger import Ledger
    from gitlease.broker.store import Entry, NewBearer, NewEnrolment, Store, WorkspaceRow
    from gitlease.model.grants import Grant

log = logging.getLogger(__name__)


class Revoker(Protocol):
    """Ends tokens at GitHub."""

    async def revoke(self, minted: Minted) -> None:
        """End one token; raise a `SourceError` if that cannot be."""


class Administering:
    """Changes *store*, tells the *ledger* who did it, and lets *revoker* end what nobody holds."""

    def __init__(self, store: Store, ledger: Ledger, revoker: Revoker) -> None:
        self._store = store
        self._ledger = ledger
        self._revoker = revoker

    async def create(
        self, request_id: str, workspace_id: str, grants: Sequence[Grant]
    ) -> WorkspaceRow:
        """Create a workspace; raise `WorkspaceExistsError`."""
        record = self._ledger.change(request_id, workspace_id, f"created: {_listed(grants)}")
        return await self._store.workspaces.create(workspace_id, grants, record)

    async def workspace(self, workspace_id: str) -> WorkspaceRow:
        """Return a workspace; raise `NotThereError`."""
        row = None
        # A database may choke on what can be no id (PostgreSQL on a NUL).
        if is_workspace_id(workspace_id):
            row = await self._store.workspaces.get(workspace_id)
        if row is None:
            raise NotThereError(
                f"there is no workspace {workspace_id}",
                hint="check the spelling (`gitlease broker workspace list`), or create it with "
                "`gitlease broker workspace add`",
            )
        return row

    async def set_grants(
        self, request_id: str, workspace_id: str, grants: Sequence[Grant]
    ) -> WorkspaceRow:
        """Replace what a workspace may ask for; raise `NotThereError`."""
        return await self._change_grants(request_id, workspace_id, lambda _: grants)

    async def add_grant(self, request_id: str, workspace_id: str, grant: Grant) -> None:
        """Add one grant to those that are there; raise `NotThereError`."""
        await self._change_grants(request_id, workspace_id, lambda before: [*before, grant])

    async def revoke_grant(
        self, request_id: str, workspace_id: str, owner: str, repository: str | None
    ) -> None:
        """Take away the grants of *owner*, or one repository; raise `NotThereError` for none."""
        await self._change_grants(
            request_id, workspace_id, lambda before: _without(before, owner, repository)
        )

    async def _change_grants(
        self,
        request_id: str,
        workspace_id: str,
        change: Callable[[tuple[Grant, ...]], Sequence[Grant]],
    ) -> WorkspaceRow:
        await self.workspace(workspace_id)

        def record(granted: Sequence[Grant]) -> Entry:
            return self._ledger.change(request_id, workspace_id, f"granted: {_listed(granted)}")

        return await self._store.workspaces.change_grants(workspace_id, change, record)

    async def remove(
        self, request_id: str, workspace_id: str, *, also_shared: bool = False
    ) -> tuple[int, int]:
        """
        Remove a workspace; return how many bearers were revoked here, and tokens at GitHub.

        A token that somebody else holds lives on, unless *also_shared* says otherwise.  GitHub's
        refusal to revoke one is logged and changes nothing: it is handed out no more, and dies
        within its hour.
        """
        await self.workspace(workspace_id)
        what = "removed, with the tokens that others hold too" if also_shared else "removed"
        record = self._ledger.change(request_id, workspace_id, what)
        removed = await self._store.workspaces.remove(workspace_id, record, also_shared=also_shared)
        ended = 0
        end = asyncio.get_running_loop().time() + LIMIT
        for one in removed.tokens:
            minted = Minted(one.token, one.app, one.installation, "store")
            try:
                # The operator waits, and all that is ours has been done.
                left = end - asyncio.get_running_loop().time()
                await in_time(self._revoker.revoke(minted), max(left, 0.0))
            except GitleaseError as error:
                log.warning("a token of workspace %s lives on: %s", workspace_id, error.message)
            else:
                ended += 1
        return removed.bearers, ended

    async def create_enrolment(
        self, request_id: str, workspace_id: str | None, uses: int | None, ends: float | None
    ) -> NewEnrolment:
        """Make a secret to register by: for one workspace or any, *uses* times, until *ends*."""
        often = "any number of times" if uses is None else counted(uses, "time")
        until = "revoked" if ends is None else iso(ends)
        what = f"enrolment secret created, good {often} until {until}"
        record = self._ledger.change(request_id, workspace_id, what)
        return await self._store.enrolments.create(workspace_id, uses, ends, record)

    async def revoke_enrolment(self, request_id: str, enrolment_id: str) -> None:
        """Revoke such a secret; raise `NotThereError`."""
        what = "enrolment secret revoked"
        record = self._ledger.change(request_id, None, what, token_id=enrolment_id)
        if not await self._store.enrolments.revoke(enrolment_id, record):
            raise NotThereError(
                "there is no live enrolment of that id", hint="see `gitlease broker enrolment list`"
            )

    async def admin_token_changed(self, request_id: str, *, at_once: bool) -> None:
        """Write down that there is a new admin token; *at_once*, the one before is good no more."""
        what = "admin token changed" + (", the one before ended" if at_once else "")
        await self._ledger.changed(request_id, what)

    async def prune_journal(self, request_id: str, before: float) -> int:
        """Remove records from before then; what remains says that this was done."""
        count = await self._store.journal.prune(before)
        what = f"{counted(count, 'record')} from before {iso(before)} removed"
        await self._ledger.changed(request_id, what)
        return count

    async def create_bearer(self, request_id: str, workspace_id: str, who: str) -> NewBearer:
        """Make one more bearer; raise `NotThereError`."""
        await self.workspace(workspace_id)
        record = self._ledger.change(request_id, workspace_id, f"bearer created by {who}")
        return await self._store.bearers.create(workspace_id, record)

    async def revoke_bearer(
        self, request_id: str, workspace_id: str, token_id: str, who: str, *, shuts: bool | None
    ) -> None:
        """
        Revoke a live bearer; raise `NotThereError`.

        With *shuts* the workspace does not come in again by a secret that it may have; false lets
        it, None leaves that as it is.
        """
        await self.workspace(workspace_id)
        then = {True: "; shut out", False: "; it may register again", None: ""}[shuts]
        record = self._ledger.change(
            request_id, workspace_id, f"bearer revoked by {who}{then}", token_id=token_id
        )
        if not is_token_id(token_id) or not await self._store.bearers.revoke(
            workspace_id, token_id, record, shuts=shuts
        ):
            raise NotThereError(
                f"workspace {workspace_id} has no live bearer of that id",
                hint=f"see `gitlease broker token list {workspace_id}`",
            )


def _without(before: Sequence[Grant], owner: str, repository: str | None) -> list[Grant]:
    left: list[Grant] = []
    for grant in before:
        if grant.owner != lower(owner):
            left.append(grant)
        elif repository is not None and (kept := grant.without(repository)) is not None:
            left.append(kept)
    if left == list(before):
        raise NotThereError("there is no such grant", hint="see `gitlease broker workspace show`")
    return left


def _listed(grants: Sequence[Grant]) -> str:
    return "; ".join(map(str, grants)) or "nothing"
