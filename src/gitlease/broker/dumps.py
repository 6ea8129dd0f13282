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
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


def keep_secrets_in_memory() -> None:
    """Let this process leave no core dump; each process says so for itself."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def start_tracker(env: MutableMapping[str, str], secret: Iterable[str]) -> None:
    """
    Start Python's tracker of what processes share, without the *secret* variables of *env*.

    It is started with the first worker otherwise, keeps the environment of that moment, and says
    nothing for itself.
    """
    kept = {name: env.pop(name) for name in secret if name in env}
    try:
        resource_tracker.ensure_running()
    finally:
        env.update(kept)
