"""
Let no worker outlive the process that started it.

Where that one was killed, nobody is left to end its workers: they would hold the port against the
next start, and go on serving what nobody watches.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


def end_with_parent(drain: float) -> None:
    """
    End this process when its parent is gone, as SIGTERM would.

    Running requests get *drain* seconds.  A process without a parent of ours goes on.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=_watch, args=(parent.join, drain), daemon=True)
        watch.start()


def _watch(wait: Callable[[], None], drain: float) -> None:
    wait()
    log.error("the main process is gone, so this worker ends; start the broker again")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(drain)
    os._exit(1)
