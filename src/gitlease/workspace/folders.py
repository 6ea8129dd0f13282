"""
Folders that only we can look into, and files that appear whole or not at all.

Whoever can write into the cache chooses what git sends to GitHub, so nothing in a folder that is
not ours alone is believed (the lesson of CVE-2025-26625).
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError
from gitlease.workspace.way import is_anothers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# How `write_whole` calls what is not whole yet.
_DRAFT: Final = re.compile(r"\..{1,100}\.[0-9a-f]{16}")


def make_private(path: Path) -> bool:
    """
    Make sure that *path* is a folder of ours, mode 0700; return whether it had to be made.

    Raises `FolderError` if it cannot be made, belongs to somebody else, is open to others, or is
    a link.  An existing folder is never changed.
    """
    made = False
    try:
        make_parents(path)
        if not os.path.lexists(path):
            check_not_anothers(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            made = True
    except OSError as error:
        raise FolderError(f"cannot make {path}: {error.strerror}") from None
    check_private(path)
    return made


def make_parents(path: Path) -> None:
    """
    Make the folders above *path* that are missing, never writable for others; raise `OSError`.

    The umask narrows their mode 0755 further.  Raises `FolderError` where root would make them in
    another user's folder, who could not use them.
    """
    # Not `mkdir(parents=True)`: it gives the folders in between the umask's mode, be it 0777.
    if not path.parent.exists():
        make_parents(path.parent)
        check_not_anothers(path.parent.parent)
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(mode=0o755)


def check_not_anothers(folder: Path) -> None:
    """Raise `FolderError` if we are root and *folder*, which is there, is another user's."""
    if is_anothers(folder):
        raise FolderError(
            f"{folder} belongs to user {folder.lstat().st_uid}, and what root puts there is no use "
            "to that user",
            hint="run it as that user, or set HOME, or GITLEASE_HOME, to a folder of root's",
        )


def check_private(path: Path) -> None:
    """Raise `FolderError` unless *path* is a folder that only this user can look into."""
    _check(path, forbidden=0o077)


def check_ours(path: Path) -> None:
    """Raise `FolderError` unless *path* is a folder in which only this user can place a file."""
    _check(path, forbidden=0o022)


def check_owner(path: Path) -> None:
    """Raise `FolderError` if *path* is there and is no folder of this user's."""
    if os.path.lexists(path):
        _check(path, forbidden=0)


def _check(path: Path, *, forbidden: int) -> None:
    try:
        found = path.lstat()
    except OSError as error:
        raise FolderError(f"cannot use {path}: {error.strerror}") from None
    _judge(path, found, forbidden)


def _judge(path: Path, found: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise FolderError(f"{path} is no folder, or only a link to one")
    if found.st_uid != os.geteuid():
        raise FolderError(f"{path} belongs to user {found.st_uid}, not to us ({os.geteuid()})")
    if found.st_mode & forbidden:
        raise FolderError(
            f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o})",
            hint=f"chmod 700 {path}",
        )


def is_there(path: Path) -> bool:
    """Tell whether *path* is there; what may not be looked at is not.  Never raises."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where we may not look


def is_file(path: Path) -> bool:
    """Tell whether *path* is a file, or leads to one; otherwise as `is_there`."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def write_whole(
    path: Path,
    data: bytes,
    *,
    mode: int = 0o600,
    mtime: float | None = None,
    atime: float | None = None,
    folder: int | None = None,
) -> None:
    """
    Put *data* at *path* in one step: a reader sees the old file or the new one.

    The file has *mode* from its first byte, and *mtime* (seconds since 1970) if given; *atime*,
    when it was last read, is now unless given too.  A relative *path* begins in the open *folder*.
    Raises `OSError`, and then the old file is untouched and nothing is left behind.
    """
    # Not `secrets`, which would load `random` and `hmac` while git waits.
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, mode, dir_fd=folder)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fchmod(descriptor, mode)
            if mtime is not None:
                os.utime(descriptor, (time.time() if atime is None else atime, mtime))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise


def remove_drafts(folder: Path) -> None:
    """Remove what killed writers have left in *folder* (see `write_whole`); never fails."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _DRAFT.fullmatch(path.name):
                path.unlink(missing_ok=True)


def write_ours(
    home: Path,
    path: Path,
    data: bytes,
    *,
    mtime: float | None = None,
    atime: float | None = None,
) -> None:
    """
    Put *data* at *path* below our folder *home* as `write_whole` does, mode 0600.

    Raises `FolderError` too: where *home*, or a folder between the two, is a link, or one in which
    somebody else can place a file.
    """
    with opened_ours(home, path.parent) as folder:
        write_whole(type(path)(path.name), data, mtime=mtime, atime=atime, folder=folder)


@contextlib.contextmanager
def opened_trusted(path: Path) -> Iterator[int]:
    """
    Open the folder *path* if what is in it may be believed: nobody else can place a file there.

    It is ours or root's, as in an image that root has built.  Raises `FolderError` or `OSError`.
    """
    try:
        descriptor = os.open(path, _FOLDER)
    except NotADirectoryError:
        raise FolderError(f"{path} is no folder, or only a link to one") from None
    try:
        found = os.fstat(descriptor)
        # Group 0 is the user's own where a platform gives containers any number (OpenShift).
        others = stat.S_IWOTH | (stat.S_IWGRP if found.st_gid else 0)
        if found.st_uid not in {0, os.geteuid()} or found.st_mode & others:
            _judge(path, found, 0o022)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def opened_ours(home: Path, folder: Path) -> Iterator[int]:
    """
    Open *folder* below our folder *home*, if only this user can place a file in either.

    Each is looked at when it is open, so that nobody can swap it in between; no link is followed.
    Raises `FolderError` or `OSError`.
    """
    descriptor = os.open(home, _FOLDER)
    try:
        _judge(home, os.fstat(descriptor), 0o022)
        for name in folder.relative_to(home).parts:
            below = os.open(name, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
            _judge(folder, os.fstat(descriptor), 0o022)
        yield descriptor
    finally:
        os.close(descriptor)
