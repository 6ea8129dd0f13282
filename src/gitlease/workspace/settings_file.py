"""The file of settings in our home folder: what it says, and whether that may be believed."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any, Final

from gitlease.model.errors import FolderError
from gitlease.model.redaction import printable
from gitlease.workspace import files, folders

FILE: Final = "settings.toml"
_LIMIT: Final = 1 << 20  # bytes; what is larger is something else


def read_file(path: Path) -> tuple[dict[str, Any], str]:
    """Return the settings in the file *path*, or nothing and why it is set aside, with the cure."""
    try:
        return tomllib.loads(_believed(path).decode("utf-8")), ""
    except FileNotFoundError:
        return {}, ""
    except FolderError as error:
        if not os.path.lexists(path):
            return {}, ""
        why = str(error)
    except (OSError, ValueError, RecursionError) as error:
        what = error.strerror if isinstance(error, OSError) else printable(str(error))
        why = f"{what}; correct it or remove it"
    return {}, f"{path} is set aside: {why}"


def _believed(path: Path) -> bytes:
    """Return the bytes of *path*; raise `FolderError` if somebody else may have written it."""
    # Whoever writes it chooses where the App's proof of identity is sent.
    name = Path(path.name)
    with (
        folders.opened_trusted(path.parent) as folder,
        files.open_regular(name, folder=folder) as file,
    ):
        found = os.fstat(file.fileno())
        data = files.read_up_to(file, _LIMIT)
    if found.st_uid not in {0, os.geteuid()}:
        raise FolderError(f"it is user {found.st_uid}'s", hint="chown or remove it")
    if found.st_mode & stat.S_IWOTH:
        raise FolderError("others can write it", hint=f"chmod 600 {path}")
    return data
