"""
What we left outside our home folder, so that a removal finds it whatever is said by then.

HOME, the scope or a folder's name may be others than they were.  Each place is a small file in our
`run/`, written before the place is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TYPE_CHECKING

from gitlease.model.errors import GitleaseError
from gitlease.workspace import files, folders

if TYPE_CHECKING:
    from pathlib import Path

    from gitlease.workspace.settings import Settings

_PREFIX = "trace~"
_LIMIT = 1 << 20  # bytes


def leave(settings: Settings, kind: str, place: Path, about: str = "") -> None:
    """
    Note that there is something of ours at *place*, and *about* it; the first note of it stays.

    Never fails: a full disk must not keep git from its helper.
    """
    path = _file(settings, kind, place)
    if folders.is_there(path):
        return
    with contextlib.suppress(OSError, GitleaseError):
        folders.make_private(path.parent)
        folders.write_ours(settings.home, path, json.dumps([str(place), about]).encode())


def left(settings: Settings, kind: str) -> list[tuple[str, str]]:
    """Return the places of that kind, each with what was noted about it; never fails."""
    paths, found = [], []
    with contextlib.suppress(OSError):
        paths = sorted((settings.home / "run").glob(f"{_PREFIX}{kind}~*"))
    for path in paths:
        with contextlib.suppress(ValueError, TypeError):
            place, about = json.loads(files.read_ours(settings.home, path, _LIMIT) or b"")
            found.append((str(place), str(about)))
    return found


def _file(settings: Settings, kind: str, place: Path) -> Path:
    name = hashlib.sha256(str(place).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return settings.home / "run" / f"{_PREFIX}{kind}~{name}"
