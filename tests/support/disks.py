"""Disks that are small, full or closed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.environment import missing
from tests.support.polling import until


@contextmanager
def small_file_system(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system of one page on *folder*, which only root may do."""
    if os.geteuid():
        missing("a user who may mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield
    finally:
        # Whoever was ended a moment ago may still have a file open there.
        until(lambda: subprocess.run(["umount", folder], check=False).returncode == 0)


def fill(folder: Path) -> None:
    """Take what room is left, page by page."""
    with suppress(OSError), (folder / ".filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
