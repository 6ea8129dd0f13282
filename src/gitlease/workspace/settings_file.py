"""The file of settings in our home folder: what it says, and whether that may be believed."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any, Final

from gitlease.model.errors import FolderError
from gitlease.model.redaction import printable
from gitlease.workspace import files, folders

FILE: Final = "settings.toml"
# In the installed helper, see `templates.credential_helper`.
_INSTALLED: Final = re.compile(rb" settings=([0-9a-f]{12}) closed=")
_LIMIT: Final = 1 << 20  # bytes; what is larger is something else


def read_file(path: Path) -> tuple[dict[str, Any], str]:
    """Return the settings in the file *path*, or nothing and why it is set aside, with the cure."""
    try:
        data = _believed(path)
        if data:
            return tomllib.loads(data.decode("utf-8")), ""
        why = "it is empty; correct it or remove it"
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


def has_decided(home: Path, digest: str) -> bool:
    """Tell whether our helper in *home* was installed under other settings than *digest* names."""
    try:
        # Also where others can write: whom we refuse a token then, they have taken nothing from.
        folders.check_owner(home)
        text = files.read_regular(home / "bin" / "git-credential-gitlease", _LIMIT)
    except (OSError, FolderError):
        return False
    installed = _INSTALLED.search(text)
    return installed is not None and installed[1].decode() != digest
