"""
Files read with care: ours, that nobody else can have written, and others', that may be anything.

Each is looked at when it is open, and only a regular file is read: a FIFO in its place would let
git wait for ever.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

from gitlease.model.errors import FolderError
from gitlease.workspace import folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path


def read_ours(home: Path, path: Path, limit: int, *, unseen: bool = False) -> bytes | None:
    """
    Return the bytes of *path* below our folder *home*, or None if they cannot be believed.

    That is so where *path* is missing, not ours alone, or over *limit* bytes, and where *home*, or
    a folder between the two, is a link, or one in which somebody else can place a file.  A file
    with a second name is not believed.  Read *unseen*, it keeps the time of its last use.
    """
    try:
        with folders.opened_ours(home, path.parent) as folder:
            return _read_private(folder, path.name, limit, unseen=unseen)
    except (OSError, FolderError):
        return None


def _read_private(folder: int, name: str, limit: int, *, unseen: bool) -> bytes | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    # Linux refuses O_NOATIME for a stranger's file, which would not be believed either.
    no_trace = getattr(os, "O_NOATIME", 0) if unseen else 0
    descriptor = os.open(name, flags | no_trace, dir_fd=folder)
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
        return data
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def open_regular(path: Path, *, folder: int | None = None) -> Iterator[FileIO]:
    """
    Open *path*, whoever's it is, to be read; raise `OSError`, also if it is no regular file.

    A link is followed.  A relative *path* begins in the open *folder*.
    """
    # Opened so, a FIFO or a device makes nobody wait.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with open(os.open(path, flags, dir_fd=folder), "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        yield file


def read_regular(path: Path, limit: int = 1 << 20) -> bytes:
    """Return the bytes of *path* as `open_regular` finds it; over *limit* is an `OSError`."""
    with open_regular(path) as file:
        return read_up_to(file, limit)


def read_up_to(file: FileIO, limit: int) -> bytes:
    """Return the rest of *file*; raise `OSError` if that is more than *limit* bytes."""
    data = bytearray()
    while len(data) <= limit and (chunk := file.read(limit + 1 - len(data))):
        data += chunk
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes")
    return bytes(data)
