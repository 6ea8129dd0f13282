"""
One piece of work at a time per key, for all who want its outcome.

The work runs in a task of its own, so that none who waits for it is its leader: each of them may
go away, and the work goes on for the others.
"""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Generic, TypeVar

from gitlease.model.errors import GitleaseError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


class Flights(Generic[T]):
    """The works in progress, by key."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[T]] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, key: str, work: Callable[[], Coroutine[None, None, T]]) -> asyncio.Task[T]:
        """Return the task in progress for *key*, or begin *work* for it."""
        task = self._tasks.get(key)
        if task is None:
            if self._closed:
                raise UnreachableError("the broker is shutting down", hint="try again")
            task = asyncio.create_task(work())
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    async def join(self, key: str, work: Callable[[], Coroutine[None, None, T]]) -> T:
        """
        Return the outcome of the work in progress for *key*, beginning *work* if there is none.

        A failure is raised to each who waited, as an error of its own.  Work that was cancelled
        from outside is begun again.
        """
        while True:
            task = self.start(key, work)
            # Not a shield: a wait leaves the task alone when it is cancelled itself.
            await asyncio.wait([task])
            if task.cancelled():
                continue
            error = task.exception()
            if isinstance(error, GitleaseError):
                # One error raised by a thousand would gather a thousand tracebacks.
                raise copy.copy(error) from None
            return task.result()

    async def close(self) -> None:
        """Cancel what is in progress and begin nothing any more."""
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, key: str, task: asyncio.Task[T]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            # Fetched even if nobody waits any more, or asyncio complains.
            task.exception()
