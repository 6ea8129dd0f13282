"""
Keep what this process knows out of files and of other processes' reach.

Its memory holds tokens and keys, its environment may hold the operator's token.  A limit for the
size of core dumps is not asked where the system pipes them to a program (core(5)); a process that
is not dumpable has none at all, and its memory and environment are root's alone to read (proc(5)).
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


def keep_secrets_in_memory() -> None:
    """Let this process leave no core dump; each process says so for itself."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
