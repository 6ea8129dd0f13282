"""
Let callers that come at the same time share one transaction.

While one batch is being committed the next one gathers, so that the number of commits follows
the disk and not the number of callers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from gitlease.broker.store.errors import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.broker.store.database import Database

MOST: Final = 500  # records in one transaction

_R = TypeVar("_R")


@dataclass(slots=True)
class _Waiting(Generic[_R]):
    record: _R
    written: asyncio.Future[Any] = field(repr=False)


class GroupCommit(Generic[_R]):
    """Writes records by *write*, which returns one result for each record, in their order."""

    def __init__(
        self,
        database: Database,
        write: Callable[[AsyncConnection, Sequence[_R]], Awaitable[Sequence[Any]]],
    ) -> None:
        self._database = database
        self._write = write
        self._queue: list[_Waiting[_R]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def append(self, record: _R) -> Any:
        """Return the result for *record* once it is committed; raise the error that prevents it."""
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        waiting = _Waiting(record, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), name="gitlease journal")
        return await waiting.written

    async def close(self) -> None:
        """Write what was appended, and take no more."""
        self._closed = True
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue[:MOST], self._queue[MOST:]
                await self._commit(batch)
        finally:
            self._task = None
            for waiting in self._queue:
                _fail(waiting, StoreUnavailableError("the store was closed in the middle"))
            self._queue.clear()

    async def _commit(self, batch: list[_Waiting[_R]]) -> None:
        records = [waiting.record for waiting in batch]
        try:
            results = await self._database.write(lambda to: self._write(to, records))
        except StoreError as failed:
            # One record that the database refuses must not take the others with it.
            if len(batch) > 1 and not isinstance(failed, StoreUnavailableError):
                for waiting in batch:
                    await self._commit([waiting])
            else:
                for waiting in batch:
                    _fail(waiting, failed)
        except BaseException as failed:
            for waiting in batch:
                _fail(waiting, StoreUnavailableError(f"not written ({type(failed).__name__})"))
            if not isinstance(failed, Exception):
                raise
        else:
            for waiting, result in zip(batch, results, strict=True):
                _end(waiting, result)


def _end(waiting: _Waiting[Any], result: Any) -> None:
    if isinstance(result, StoreError):
        _fail(waiting, result)
    elif not waiting.written.done():
        waiting.written.set_result(result)


def _fail(waiting: _Waiting[Any], error: StoreError) -> None:
    if not waiting.written.done():
        # Each caller gets an exception of its own: raising one in two places mixes tracebacks.
        own = type(error)(error.message, hint=error.hint)
        waiting.written.set_exception(own)
