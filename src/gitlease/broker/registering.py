"""
How a workspace gets its first bearer.

It shows an enrolment secret, or, where the operator allows that, nothing (the older platform asked
for nothing).  A bearer is handed out once, and only while none is live, so that knowing an id is
never a way into a workspace that runs already; and not to whom the operator has shut out.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Literal

from gitlease.broker.deadline import in_time
from gitlease.broker.errors import BearerError, EnrolmentError
from gitlease.broker.guesses import Guesses
from gitlease.broker.identity import bearer_in, digest_of
from gitlease.broker.store import ShutOutError, new_bearer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlease.broker.identity import Door
    from gitlease.broker.ledger import Ledger
    from gitlease.broker.store import Invitation, NewBearer, Store

log = logging.getLogger(__name__)


class Registering:
    """Registers workspaces in *store*; with *is_open*, whoever comes."""

    def __init__(self, store: Store, door: Door, ledger: Ledger, *, is_open: bool) -> None:
        self._store = store
        self._door = door
        self._ledger = ledger
        self._is_open = is_open
        self._guesses = Guesses()

    async def register(
        self, request_id: str, authorization: Sequence[str], workspace_id: str, address: str
    ) -> NewBearer | None:
        """
        Return the first bearer of *workspace_id*, or None if it has a live one.

        A workspace that is not there is made, and may ask for nothing until it is granted
        something.  *address* is where the request comes from.  Raises `EnrolmentError`,
        `CrowdError`, or `LateError` as long as nothing has happened.
        """
        invitation = await in_time(self._invited(authorization, workspace_id, address))
        if invitation is False:
            return None
        # From here on nothing is given up: a bearer that was made is shown once.
        new = new_bearer()
        how = "open enrolment" if invitation is None else f"enrolment secret {invitation.id}"
        record = self._ledger.change(
            request_id, workspace_id, f"registered by {how}", token_id=new.token_id
        )
        try:
            is_first = await self._store.enrolling.first_bearer(
                workspace_id, invitation, new, record
            )
        except ShutOutError as error:
            log.warning("workspace %s may not register: %s", workspace_id, error.message)
            raise EnrolmentError from None
        return new if is_first else None

    async def _invited(
        self, authorization: Sequence[str], workspace_id: str, address: str
    ) -> Invitation | Literal[False] | None:
        """Return the secret's invitation, None where none is needed, False for a live bearer."""
        if not authorization:
            if not self._is_open:
                raise EnrolmentError
            log.warning("open enrolment: workspace %s registers without a secret", workspace_id)
            return None
        with contextlib.suppress(BearerError):
            await self._door.workspace(authorization, workspace_id)
            return False
        try:
            digest = digest_of(bearer_in(authorization))
        except BearerError:
            raise EnrolmentError from None
        await self._guesses.turn(address)
        invitation = await self._store.enrolments.find(digest, workspace_id)
        if invitation is None:
            self._guesses.wrong(address)
            raise EnrolmentError
        return invitation
