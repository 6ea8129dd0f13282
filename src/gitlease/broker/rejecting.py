"""
What happens when a workspace says that GitHub refused its token.

It may only speak of a token that was leased to it: otherwise one workspace could take away what
serves the others, which it can name from any log that shows fingerprints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gitlease.broker.identity import Caller
    from gitlease.broker.ledger import Ledger
    from gitlease.broker.minters.minted import Rejection


class Shelf(Protocol):
    """Holds the tokens that are handed out."""

    async def reject(self, fingerprint: str) -> Rejection:
        """Never hand that token out again, if that is believed; tell what came of it."""


class Rejecting:
    """Takes refused tokens off the *shelf*, on every replica, and tells the *ledger*."""

    def __init__(self, shelf: Shelf, ledger: Ledger) -> None:
        self._shelf = shelf
        self._ledger = ledger

    async def reject(self, request_id: str, caller: Caller, fingerprint: str) -> bool:
        """Drop the token with *fingerprint* if it was *caller*'s; tell whether it was dropped."""
        if not await self._ledger.was_leased(caller.workspace_id, fingerprint):
            return False
        verdict = await self._shelf.reject(fingerprint)
        await self._ledger.rejected(request_id, caller, fingerprint, verdict)
        return verdict == "dropped"
