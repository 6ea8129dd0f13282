"""
What time it is, on two clocks at once.

The wall clock can be set and the boot clock dies with the machine, so a record keeps its deadline
on both.  The shell helper, which must not fork, reads the boot clock from /proc/uptime and compares
the wall clock through file times; `shell_readable` tells whether both work on this system.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_UPTIME = Path("/proc/uptime")


@dataclass(frozen=True, slots=True)
class Moment:
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
        descriptor = os.open("/proc/self", os.O_RDONLY)
        try:
            # The entry of a new descriptor is made by this very look-up.
            stamp = os.lstat(f"/proc/self/fd/{descriptor}").st_mtime
        finally:
            os.close(descriptor)
    except (OSError, ValueError, IndexError):
        return False
    return abs(uptime - moment.boot) < 2 and abs(stamp - time.time()) < 2
