"""Give the server that is measured a core of its own, and whoever asks it another one."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = os.sched_getaffinity(0)
SERVER, CLIENT = {min(ALL)}, {max(ALL)}


@contextlib.contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Let what is started meanwhile run on the cores *to* only."""
    # 0 is this thread alone; a child has the cores of the thread that starts it.
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
