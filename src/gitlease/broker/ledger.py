"""What the journal is told of each step; each call returns when its record is committed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitlease.broker.refusals import Refusals
from gitlease.broker.store.records import Entry, Filters, Outcome
from gitlease.model.counts import counted
from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.broker.identity import Caller
    from gitlease.broker.minters import Minted
    from gitlease.broker.minters.minted import Rejection
    from gitlease.broker.policy import Asked
    from gitlease.broker.store.journal import Journal
    from gitlease.model.scopes import Scope


class Ledger:
    """Writes what happens into *journal*; *now* is the wall clock."""

    def __init__(self, journal: Journal, *, now: Callable[[], float] = time.time) -> None:
        self._journal = journal
        self._now = now
        self._refusals = Refusals()

    async def intend(self, request_id: str, caller: Caller | None, scope: Scope) -> int:
        """Write that a token of *scope* is about to be asked for; None is the operator."""
        return await self._journal.intend(
            Entry(
                at=self._now(),
                kind="intent",
                request_id=request_id,
                workspace_id=None if caller is None else caller.workspace_id,
                token_id=None if caller is None else caller.token_id,
                scope=scope.key,
                owner=scope.owner,
            )
        )

    async def leased(self, intent: int, minted: Minted) -> None:
        """Write that *intent* ended in a token, which may leave now."""
        await self._journal.end(
            intent,
            Outcome(
                at=self._now(),
                kind="lease",
                fingerprint=minted.token.fingerprint,
                expires_at=minted.token.expires_at,
                source=minted.source,
            ),
        )

    async def leased_at_once(
        self, request_id: str, caller: Caller | None, scope: Scope, minted: Minted
    ) -> None:
        """Write that *caller* gets a token that was at hand, which may leave now."""
        await self._journal.note(
            Entry(
                at=self._now(),
                kind="lease",
                request_id=request_id,
                workspace_id=None if caller is None else caller.workspace_id,
                token_id=None if caller is None else caller.token_id,
                scope=scope.key,
                owner=scope.owner,
                fingerprint=minted.token.fingerprint,
                expires_at=minted.token.expires_at,
                source=minted.source,
            )
        )

    async def failed(self, intent: int, error: Exception) -> None:
        """Write that *intent* ended without a token; only errors of ours are quoted."""
        said = f": {error.message}" if isinstance(error, GitleaseError) else ""
        reason = printable(f"{type(error).__name__}{said}", 300)
        await self._journal.end(intent, Outcome(at=self._now(), kind="failed", reason=reason))

    async def refused(self, request_id: str, caller: Caller, asked: Asked, reason: str) -> None:
        """Write that *caller* may not have what it *asked* for, if it does not ask in a loop."""
        left_out = self._refusals.take(caller.workspace_id)
        if left_out is None:
            return
        if left_out:
            reason += f"; {counted(left_out, 'refusal')} before it went unrecorded"
        await self._journal.note(
            Entry(
                at=self._now(),
                kind="refusal",
                request_id=request_id,
                workspace_id=caller.workspace_id,
                token_id=caller.token_id,
                scope=f"{asked.owner or '*'}|{asked.repository or '*'}|*",
                owner=asked.owner,
                reason=reason,
            )
        )

    async def rejected(
        self, request_id: str, caller: Caller, fingerprint: str, verdict: Rejection
    ) -> None:
        """Write that GitHub refused *caller*'s token, as it says; a loop is left out."""
        if verdict != "dropped" and self._refusals.take(caller.workspace_id) is None:
            return
        await self._journal.note(
            Entry(
                at=self._now(),
                kind="rejection",
                request_id=request_id,
                workspace_id=caller.workspace_id,
                token_id=caller.token_id,
                fingerprint=fingerprint,
                reason=verdict,
            )
        )

    def change(
        self, request_id: str, workspace_id: str | None, what: str, *, token_id: str | None = None
    ) -> Entry:
        """
        Return the record that somebody changed who may have what; *what* says who and what.

        Whoever makes the change writes it, in the same transaction.
        """
        return Entry(
            at=self._now(),
            kind="admin",
            request_id=request_id,
            workspace_id=workspace_id,
            token_id=token_id,
            reason=what,
        )

    async def changed(self, request_id: str, what: str) -> None:
        """Write that somebody changed what stands in no table."""
        await self._journal.note(self.change(request_id, None, what))

    async def was_leased(self, workspace_id: str, fingerprint: str) -> bool:
        """Tell whether the token with *fingerprint* was leased to that workspace."""
        filters = Filters(kind="lease", workspace_id=workspace_id, fingerprint=fingerprint)
        return bool(await self._journal.page(limit=1, filters=filters))
