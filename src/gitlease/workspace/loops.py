"""
The loops of refreshers among the processes: is a number one of them, and a signal to it.

A number may be somebody else's by now, or in another container that shares the home.
"""

from __future__ import annotations

import contextlib
import os
import re
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
        if number in {signal.SIGCONT, signal.SIGKILL} and _is_its_own(group, pid):
            # Its sleep and its round too.
            os.killpg(group, number)
        else:
            os.kill(pid, number)


def cure(pid: int, program: Path) -> str:
    """Return what ends the loop *program* for good, whose number is *pid* if that is known."""
    if pid:
        return f"kill -KILL {pid}"
    # To kill the number 0 would kill whoever does.  In brackets, since `pkill` would find the shell
    # that it is given to in one line.
    pattern = re.sub(r"[^A-Za-z0-9/_-]", ".", f"{program}", flags=re.ASCII)
    return f"pkill -KILL -f '{pattern[:-1]}[{pattern[-1]}]'"


def _is_its_own(group: int, pid: int) -> bool:
    """Tell whether nobody but the loop *pid* and what it has started is in *group*."""
    if group == pid:
        return True
    if group == os.getpgrp():
        return False
    try:
        # One in the foreground is in the group of whoever has started it, be it a container's
        # first process with all that it runs.  In the background that has been a shell that ended.
        os.kill(group, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
