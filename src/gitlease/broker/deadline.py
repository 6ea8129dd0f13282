"""
The time limit of a whole lease, and of what others wait for before anything is changed.

Every step has a limit of its own, but they add up: a database that freezes in the middle would
keep a caller for longer than he waits.  What changes something is not cut short: it was done, or
it was not, and a bearer that was made is shown once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gitlease.broker.errors import LateError

if TYPE_CHECKING:
    from collections.abc import Coroutine

# A workspace waits ten seconds, also for the way there and back: what comes later is nobody's.
LIMIT: Final = 9.5  # seconds

T = TypeVar("T")


async def in_time(work: Coroutine[Any, Any, T], limit: float = LIMIT) -> T:
    """Return what *work* returns within *limit* seconds; raise `LateError` if it does not."""
    # What `asyncio.timeout` does, in half of its time: each lease passes here.
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in one
    before, is_late = task.cancelling(), False

    def end() -> None:
        nonlocal is_late
        is_late = True
        task.cancel()

    clock = asyncio.get_running_loop().call_later(limit, end)
    try:
        return await work
    except asyncio.CancelledError:
        # Whoever else has ended this task is obeyed.
        if is_late and task.cancelling() - 1 <= before:
            raise LateError(limit) from None
        raise
    finally:
        clock.cancel()
        if is_late:
            task.uncancel()
