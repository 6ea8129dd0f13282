"""
How a workspace gets its first bearer.

It shows an enrolment secret, or, where the operator allows that, nothing (the older platform asked
for nothing).  A bearer is handed out once, and only while none is live, so that knowing an id is
never a way into a workspace that runs already.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from gitlease.broker.errors import BearerError, EnrolmentError
from gitlease.broker.identity import bearer_in, digest_of
from gitlease.broker.store.errors import WorkspaceExistsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlease.broker.identity import Door
    from gitlease.broker.ledger import Ledger
    from gitlease.broker.store import NewBearer, Store

log = logging.getLogger(__name__)


class Registering:
    """Registers workspaces in *store*; with *is_open*, whoever comes."""

    def __init__(self, store: Store, door: Door, ledger: Ledger, *, is_open: bool) -> None:
        self._store = store
        self._door = door
        self._ledger = ledger
        self._is_open = is_open

    async def register(
        self, request_id: str, authorization: Sequence[str], workspace_id: str
    ) -> NewBearer | None:
        """
        Return the first bearer of *workspace_id*, or None if it has a live one.

        A workspace that is not there is made, and may ask for nothing until it is granted
        something.  Raises `EnrolmentError`.
        """
        if not authorization:
            if not self._is_open:
                raise EnrolmentError
            log.warning("open enrolment: workspace %s registers without a secret", workspace_id)
            return await self._first_bearer(request_id, workspace_id, "open enrolment")
        with contextlib.suppress(BearerError):
            await self._door.workspace(authorization, workspace_id)
            return None
        try:
            digest = digest_of(bearer_in(authorization))
        except BearerError:
            raise EnrolmentError from None
        if not await self._store.enrolments.use(digest, workspace_id):
            raise EnrolmentError
        return await self._first_bearer(request_id, workspace_id, "enrolment secret")

    async def _first_bearer(self, request_id: str, workspace_id: str, how: str) -> NewBearer | None:
        with contextlib.suppress(WorkspaceExistsError):
            await self._store.workspaces.create(workspace_id)
        new = await self._store.bearers.create(workspace_id, only_if_none_live=True)
        if new is not None:
            await self._ledger.changed(
                request_id, workspace_id, f"registered by {how}", token_id=new.token_id
            )
        return new
