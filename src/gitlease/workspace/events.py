"""
What happened here, one line an event, for the person who looks at three in the morning.

Hits leave no line: they cost a millisecond because they do nothing else.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError
from gitlease.model.redaction import printable
from gitlease.workspace import folders

if TYPE_CHECKING:
    from gitlease.workspace.settings import Settings

# A FIFO in its place would let git wait for a reader.
_FLAGS: Final = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
)
LIMIT: Final = 512 * 1024  # bytes, then the file is kept once as `.1`


def note(settings: Settings, event: str, text: str) -> None:
    """
    Append a line to `log/gitlease.log`: the time (UTC), *event* (one word), *text*.

    Never fails: a full disk must not stop a credential.  Where somebody else could have put another
    file in its place, nothing is written.
    """
    path = settings.home / "log" / "gitlease.log"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = f"{stamp} {event} {printable(text, 2000)}\n"
    with (
        contextlib.suppress(OSError, FolderError),
        folders.opened_ours(settings.home, path.parent) as folder,
    ):
        _append(folder, path.name, line.encode("utf-8", "replace"))


def _append(folder: int, name: str, line: bytes) -> None:
    descriptor = os.open(name, _FLAGS, 0o600, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            return
        if found.st_size > LIMIT:
            os.replace(name, f"{name}.1", src_dir_fd=folder, dst_dir_fd=folder)
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
