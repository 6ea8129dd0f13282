"""
Where the packages are that sign an App's proof, for a Python that starts without any.

The helper's Python knows neither PYTHONPATH nor the user's site (`-I -S`), in which they may be;
the installation notes the folders, and the helper adds them when it has something to sign.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from gitlease.workspace import files, folders

if TYPE_CHECKING:
    from pathlib import Path

# What `gitlease[app]` brings, with what that imports.
PACKAGES: Final = ("jwt", "cryptography", "cffi", "_cffi_backend")
_LIMIT: Final = 65536  # bytes


def note(home: Path) -> bool:
    """
    Write down where this Python finds the packages; return whether that is new.

    *home* is our home folder.  Raises `FolderError` or `OSError` if it cannot be kept.
    """
    path = _file(home)
    folders.make_private(path.parent)
    text = "".join(f"{folder}\n" for folder in _found()).encode()
    if files.read_ours(home, path, _LIMIT) == text:
        return False
    folders.write_ours(home, path, text)
    return True


def extend(home: Path) -> None:
    """Let this Python import the packages, if it was started without site-packages."""
    if not sys.flags.no_site:
        return
    # The noted folders first: it is their packages that the installation could import.
    noted = (files.read_ours(home, _file(home), _LIMIT) or b"").decode("utf-8", "surrogateescape")
    sys.path += [folder for folder in noted.splitlines() if folder not in sys.path]
    import site  # noqa: PLC0415 - only a miss that has to sign needs it

    site.main()


def _file(home: Path) -> Path:
    return home / "run" / "python-path"


def _found() -> list[str]:
    from importlib import util  # noqa: PLC0415 - the helper, which git waits for, only extends

    # The folder that somebody happens to be in is for no other process to import from.
    try:
        here = os.getcwd()  # noqa: PTH109 - compared as text
    except FileNotFoundError:
        here = ""  # removed under us; nothing can be imported from there
    places: list[str] = []
    for name in PACKAGES:
        spec = util.find_spec(name)
        if spec is None:
            continue
        within = spec.submodule_search_locations or [spec.origin or ""]
        place = os.path.dirname(os.path.abspath(next(iter(within))))  # noqa: PTH100, PTH120 - may be in a zip
        if place.isprintable() and place != here and place not in places:
            places.append(place)
    return places
