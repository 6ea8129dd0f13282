"""
Let callers that come at the same time share one transaction, or one read.

While one batch is under way the next one gathers, so that the number of transactions follows the
disk and not the number of callers.  What a batch reads is read after each of its callers asked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from gitlease.broker.store.errors import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

MOST: Final = 500  # of one batch

_A = TypeVar("_A")


@dataclass(slots=True)
class _Waiting(Generic[_A]):
    asked: _A
    answered: asyncio.Future[Any] = field(repr=False)


class Batches(Generic[_A]):
    """
    Has *work* done, which takes what is asked and returns one result for each, in their order.

    A result that is a `StoreError` is raised to its caller alone.
    """

    def __init__(self, work: Callable[[Sequence[_A]], Awaitable[Sequence[Any]]]) -> None:
        self._work = work
        self._queue: list[_Waiting[_A]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def ask(self, asked: _A) -> Any:
        """Return the result for *asked* once its batch is done; raise what prevents that."""
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        waiting = _Waiting(asked, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), name="gitlease batches")
        return await waiting.answered

    async def close(self) -> None:
        """Do what was asked, and take no more."""
        self._closed = True
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue[:MOST], self._queue[MOST:]
                await self._do(batch)
        finally:
            self._task = None
            for waiting in self._queue:
                _fail(waiting, StoreUnavailableError("the store was closed in the middle"))
            self._queue.clear()

    async def _do(self, batch: list[_Waiting[_A]]) -> None:
        try:
            results = await self._work([waiting.asked for waiting in batch])
        except StoreError as failed:
            await self._refused(batch, failed)
        except BaseException as failed:
            for waiting in batch:
                _fail(
                    waiting,
                    StoreUnavailableError(
                        f"what was asked of the database broke off ({type(failed).__name__})"
                    ),
                )
            if not isinstance(failed, Exception):
                raise
        else:
            for waiting, result in zip(batch, results, strict=True):
                _end(waiting, result)

    async def _refused(self, batch: list[_Waiting[_A]], failed: StoreError) -> None:
        if isinstance(failed, StoreUnavailableError):
            # Who waited for this batch has waited long enough: a call has one time limit.
            batch, self._queue = [*batch, *self._queue], []
        elif len(batch) > 1:
            # One record that the database refuses must not take the others with it.
            for waiting in batch:
                await self._do([waiting])
            return
        for waiting in batch:
            _fail(waiting, failed)


def _end(waiting: _Waiting[Any], result: Any) -> None:
    if isinstance(result, StoreError):
        _fail(waiting, result)
    elif not waiting.answered.done():
        waiting.answered.set_result(result)


def _fail(waiting: _Waiting[Any], error: StoreError) -> None:
    if not waiting.answered.done():
        # Each caller gets an exception of its own: raising one in two places mixes tracebacks.
        own = type(error)(error.message, hint=error.hint)
        waiting.answered.set_exception(own)
