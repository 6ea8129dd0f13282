"""
A connection to SQLite that is kept for what every lease has to say.

To take one from the pool and to give it back takes four times as long as to hand a statement over
to its thread.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiosqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Line:
    """One connection of *engine*, which goes back to the pool after whatever goes wrong."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._held: tuple[AsyncConnection, aiosqlite.Connection] | None = None
        self._opening = asyncio.Lock()

    async def say(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Carry out one *statement* that commits itself; return its rows."""
        held = self._held or await self._open()
        try:
            return list(await held[1].execute_fetchall(statement, values))
        except BaseException:
            if self._held is held:
                await self.close()
            raise

    async def close(self) -> None:
        """Give the connection back; the next statement takes another one."""
        held, self._held = self._held, None
        if held is not None:
            # As `async with` has it: whoever is cancelled here gives it back all the same.
            await asyncio.shield(asyncio.create_task(held[0].close()))

    async def _open(self) -> tuple[AsyncConnection, aiosqlite.Connection]:
        async with self._opening:
            if self._held is None:
                connection = await self._engine.connect()
                try:
                    driver = (await connection.get_raw_connection()).driver_connection
                    assert isinstance(driver, aiosqlite.Connection)  # noqa: S101 - SQLite alone
                except BaseException:
                    await asyncio.shield(asyncio.create_task(connection.close()))
                    raise
                self._held = (connection, driver)
            return self._held
