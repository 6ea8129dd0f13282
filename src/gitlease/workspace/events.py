"""
What happened here, one line an event, for the person who looks at three in the morning.

Hits leave no line: they cost a millisecond because they do nothing else.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from gitlease.workspace.settings import Settings

LIMIT: Final = 512 * 1024  # bytes, then the file is kept once as `.1`


def note(settings: Settings, event: str, text: str) -> None:
    """
    Append a line to `log/gitlease.log`: the time (UTC), *event* (one word), *text*.

    Never fails: a full disk must not stop a credential.
    """
    path = settings.home / "log" / "gitlease.log"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = f"{stamp} {event} {printable(text, 2000)}\n"
    with contextlib.suppress(OSError):
        descriptor = os.open(
            path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            if os.fstat(descriptor).st_size > LIMIT:
                path.replace(path.with_suffix(".log.1"))
            os.write(descriptor, line.encode("utf-8", "replace"))
        finally:
            os.close(descriptor)
