"""
What time it is, on two clocks at once.

The wall clock can be set and the boot clock dies with the machine, so a record keeps its deadline
on both.  The shell helper, which must not fork, reads the boot clock from /proc/uptime and compares
the wall clock through file times; `shell_readable` tells whether both work on this system.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from gitlease.model.frozen import Frozen

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_UPTIME = Path("/proc/uptime")


class Moment(Frozen):
    """
    One reading: `wall` in seconds since 1970, `boot` in seconds since boot `boot_id`.

    `boot_id` is empty where the system does not tell; then `boot` says nothing.
    """

    wall: float
    boot: float
    boot_id: str


def read() -> Moment:
    """Return the present moment."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return Moment(time.time(), 0.0, "")
    try:
        boot_id = _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        boot_id = ""
    return Moment(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), boot_id)


def shell_readable(moment: Moment) -> bool:
    """
    Tell whether a shell sees the same two clocks as *moment*, so that it may trust a record.

    Not so where /proc is missing, where /proc/uptime is the container's instead of the kernel's
    (lxcfs), and where the files of /proc do not carry the time at which they were looked up.
    """
    if not moment.boot_id:
        return False
    try:
        uptime = float(_UPTIME.read_text("ascii").split()[0])
        fresh = any(abs(_stamp_of_a_new_file() - time.time()) < 2 for _ in range(3))
    except (OSError, ValueError, IndexError):
        return False
    return fresh and abs(uptime - moment.boot) < 2


def _stamp_of_a_new_file() -> float:
    """Return the file time that /proc gives to an entry nobody has looked at before."""
    descriptor = os.open("/proc/self", os.O_RDONLY | os.O_CLOEXEC)
    try:
        # The kernel may still know this number's entry from an earlier file, with its old time.
        # To look when the number is free makes it forget.
        free = os.dup(descriptor)
        os.close(free)
        with contextlib.suppress(OSError):
            os.lstat(f"/proc/self/fd/{free}")
        new = os.dup(descriptor)
        try:
            return os.lstat(f"/proc/self/fd/{new}").st_mtime
        finally:
            os.close(new)
    finally:
        os.close(descriptor)
