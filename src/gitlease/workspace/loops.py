"""
The loops of refreshers among the processes: is a number one of them, and a signal to it.

A number may be somebody else's by now, or in another container that shares the home.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Final

UNKNOWN: Final = 0
PROC = Path("/proc")


def is_ours(pid: int, program: Path) -> bool:
    """Tell whether process *pid* runs the loop *program*; without /proc, whether it lives."""
    if pid == UNKNOWN:
        return False
    with contextlib.suppress(OSError):
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        return os.fsencode(program) in words
    if (PROC / "self").exists():
        return False
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):  # the file may say anything
        return False
    return True


def send(pid: int, number: signal.Signals, program: Path) -> None:
    """Send a signal to process *pid* if it runs the loop *program* and we can see it."""
    if not is_ours(pid, program):
        return
    with contextlib.suppress(OSError):
        group = os.getpgid(pid)
        if number in {signal.SIGCONT, signal.SIGKILL} and group != os.getpgrp():
            # Its sleep and its round too.
            os.killpg(group, number)
        else:
            os.kill(pid, number)
