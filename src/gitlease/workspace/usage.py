"""
When a record last answered somebody: the time at which its file was last read.

The file system keeps it, so the shell helper leaves it without a thought, and the refresher knows
what is worth renewing.  Even a file system that spares itself most such times (relatime, mount(8))
keeps ours, because the other time of a record is its deadline, which lies ahead.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def last_used(path: Path) -> float | None:
    """Return when (seconds since 1970) the record at *path* was last used; None if it is gone."""
    try:
        return path.stat().st_atime
    except OSError:
        return None


def used_since(path: Path, moment: float) -> bool:
    """
    Tell whether the record at *path* was used at *moment* (seconds since 1970) or later.

    Where the file system does not keep that (noatime), every record counts as used.
    """
    last = last_used(path)
    return last is not None and (last >= moment or _is_not_kept(path))


def _is_not_kept(path: Path) -> bool:
    try:
        flags = os.statvfs(path).f_flag
    except OSError:
        return True
    return bool(flags & getattr(os, "ST_NOATIME", 0))
