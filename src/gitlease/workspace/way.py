"""
The folders above ours: whoever can rename one of them can put a folder of theirs in our place.

git would run the program that it finds there.  (OpenSSH looks at the way to its keys likewise.)
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINKS: Final = 40  # as many as Linux follows, path_resolution(7)


def check_way(path: Path, user: Path) -> None:
    """
    Raise `FolderError` if somebody else could put another folder in the place of *path*.

    The way to the *user*'s own folder is excused, and what is below it if that is open itself, as
    in an image that does not know who will run it: who can change it chooses already what git
    does.  Only root is never led through the folder of another user.
    """
    to_user = [user, *user.parents, *(real := Path(os.path.realpath(user))).parents, real]
    is_open = any(_why(one) for one in (real,) if one.exists())
    for one in _steps(path):
        why = _why(one)
        excused = one in to_user or (is_open and (user in one.parents or real in one.parents))
        if why and not (excused and (os.geteuid() or _is_trusted(one))):
            raise FolderError(
                f"{one} {why}, and so another folder could be put in the place of {path}",
                hint="set GITLEASE_HOME to a folder above which only this user and root can write",
            )


def is_anothers(folder: Path) -> bool:
    """Tell whether we are root and *folder*, which is there, is another user's."""
    return os.geteuid() == 0 and not _is_trusted(folder)


def _is_trusted(path: Path) -> bool:
    # Where the numbers of users are mapped, root's may be another one; `/` has it.
    return path.lstat().st_uid in {0, os.geteuid(), os.stat("/").st_uid}  # noqa: PTH116 - as lstat


def _why(path: Path) -> str:
    """Return in words by whom *path* can be changed besides us and root, or ""."""
    found = path.lstat()
    if not _is_trusted(path):
        return f"belongs to user {found.st_uid}"
    if stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_ISVTX:
        return ""
    if found.st_mode & stat.S_IWOTH:
        return f"can be written by everybody (mode {stat.S_IMODE(found.st_mode):04o})"
    # A user's own group is that user alone; whom root lets in is root's affair.
    if found.st_mode & stat.S_IWGRP and found.st_uid and found.st_gid != os.getegid():
        return f"can be written by group {found.st_gid}"
    return ""


def _steps(path: Path) -> Iterator[Path]:
    """Yield the folders and links on the way to *path*, as far as they are there."""
    at, names, links = Path("/"), list(path.parts[1:]), 0
    yield at
    while len(names) > 1:
        name = names.pop(0)
        at = at.parent if name == ".." else at / name
        if not os.path.lexists(at):
            return
        yield at
        if at.is_symlink() and links < _LINKS:
            links += 1
            target = Path(os.readlink(at))  # noqa: PTH115 - as it stands there
            names = [*target.parts[target.is_absolute() :], *names]
            at = Path("/") if target.is_absolute() else at.parent
