"""
One process at a time, by a file lock that the kernel frees with its holder.

A killed leader therefore never blocks anybody.  On file systems without locks work goes on
unlocked: two mints are better than none.  Where locks work but the leader is slow it does not: a
crowd of followers that all ask is what the lock is there to prevent.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Longer than the sources may take together (`transport.LIMIT` for each that goes out), so that a
# follower hears its leader's answer.
LIMIT: Final = 25.0  # seconds
_PAUSES: Final = (0.005, 0.01, 0.02, 0.04)  # seconds


@contextlib.contextmanager
def held(path: Path, *, limit: float = LIMIT) -> Iterator[bool]:
    """
    Hold the lock file *path*; yield whether it is really held.

    False where locks or the folder do not work.  Raises `BusyError` if another process still
    holds it after *limit* seconds.
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
            if error.errno not in {errno.EWOULDBLOCK, errno.EINTR}:
                return False
            if time.monotonic() >= deadline:
                raise BusyError(f"another process has not let go of it for {limit:g} s") from None
        else:
            return True
        time.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        attempt += 1
