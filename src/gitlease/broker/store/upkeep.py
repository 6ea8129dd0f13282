"""Now and then: write down what may be late, and remove what no longer matters."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete

from gitlease.broker.store.errors import StoreError
from gitlease.broker.store.tables import INVALIDATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.bearers import Bearers
    from gitlease.broker.store.database import Database
    from gitlease.broker.store.quotas import Quotas
    from gitlease.broker.store.tokens import Tokens

log = logging.getLogger(__name__)

PERIOD: Final = 60.0  # seconds
# Far longer than any process can be late in reading them.
_MESSAGES_LAST: Final = 600.0  # seconds


class Upkeep:
    """Does its round by itself; a round that fails is made up for by the next one."""

    def __init__(
        self,
        database: Database,
        bearers: Bearers,
        tokens: Tokens,
        quotas: Quotas,
        now: Callable[[], float],
    ) -> None:
        self._database = database
        self._bearers = bearers
        self._tokens = tokens
        self._quotas = quotas
        self._now = now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to do rounds."""
        self._task = asyncio.create_task(self._rounds(), name="gitlease upkeep")

    async def close(self) -> None:
        """Stop, and write down what would be lost."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(StoreError):
            await self._bearers.write_last_used()

    async def round(self) -> None:
        """Do all of it once; raise the first `StoreError`."""
        await self._bearers.write_last_used()
        await self._tokens.forget_over()
        await self._quotas.forget(int(self._now() // 3600) - 1)
        before = self._now() - _MESSAGES_LAST

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(INVALIDATIONS).where(INVALIDATIONS.c.at < before))

        await self._database.write(work)

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 - the next round makes up for this one
                log.warning("upkeep failed: %s", type(error).__name__)
