"""
Folders that only we can look into, and files that appear whole or not at all.

Whoever can write into the cache chooses what git sends to GitHub, so nothing in a folder that is
not ours alone is believed (the lesson of CVE-2025-26625).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError

if TYPE_CHECKING:
    from pathlib import Path

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

    The umask narrows their mode 0755 further.
    """
    # Not `mkdir(parents=True)`: it gives the folders in between the umask's mode, be it 0777.
    if not path.parent.exists():
        make_parents(path.parent)
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(mode=0o755)


def check_private(path: Path) -> None:
    """Raise `FolderError` unless *path* is a folder that only this user can look into."""
    _check(path, forbidden=0o077)


def check_ours(path: Path) -> None:
    """Raise `FolderError` unless *path* is a folder in which only this user can place a file."""
    _check(path, forbidden=0o022)


def _check(path: Path, *, forbidden: int) -> None:
    try:
        found = path.lstat()
    except OSError as error:
        raise FolderError(f"cannot use {path}: {error.strerror}") from None
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
) -> None:
    """
    Put *data* at *path* in one step: a reader sees the old file or the new one.

    The file has *mode* from its first byte, and *mtime* (seconds since 1970) if given; *atime*,
    when it was last read, is now unless given too.  Raises `OSError`, and then the old file is
    untouched and nothing is left behind.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, mode)
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
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_drafts(folder: Path) -> None:
    """Remove what killed writers have left in *folder* (see `write_whole`); never fails."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _DRAFT.fullmatch(path.name):
                path.unlink(missing_ok=True)


def read_private(path: Path, limit: int, *, unseen: bool = False) -> bytes | None:
    """
    Return the bytes of *path*, or None if it is missing, not ours alone, or over *limit* bytes.

    A link is never followed, and a file with a second name is not believed.  Read *unseen*, the
    file keeps the time of its last use.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    # Linux refuses O_NOATIME for a stranger's file, which would not be believed either.
    no_trace = getattr(os, "O_NOATIME", 0) if unseen else 0
    try:
        descriptor = os.open(path, flags | no_trace)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if (
            not stat.S_ISREG(found.st_mode)
            or found.st_uid != os.geteuid()
            or found.st_mode & 0o077
            or found.st_nlink > 1
            or found.st_size > limit
        ):
            return None
        data = os.read(descriptor, limit + 1)
        if unseen and not no_trace:
            os.utime(descriptor, ns=(found.st_atime_ns, found.st_mtime_ns))
    except OSError:
        return None
    else:
        return data
    finally:
        os.close(descriptor)
