"""
One process at a time, by a file lock that the kernel frees with its holder.

A killed leader therefore never blocks anybody.  On file systems without locks work goes on
unlocked: two mints are better than none.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Longer than any fetch may take, so that a follower hears its leader's answer.
LIMIT: Final = 25.0  # seconds
_PAUSES: Final = (0.005, 0.01, 0.02, 0.04)  # seconds


@contextlib.contextmanager
def held(path: Path, *, limit: float = LIMIT) -> Iterator[bool]:
    """
    Hold the lock file *path*; yield whether it is really held.

    False after *limit* seconds of waiting, and where locks or the folder do not work.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        yield False
        return
    try:
        yield _take(descriptor, limit)
    finally:
        os.close(descriptor)


def _take(descriptor: int, limit: float) -> bool:
    deadline = time.monotonic() + limit
    attempt = 0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EINTR} or time.monotonic() >= deadline:
                return False
        else:
            return True
        time.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        attempt += 1
