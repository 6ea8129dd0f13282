"""
A file that gh writes: in place, without a lock, so that a reader can meet it cut.

It is read when it rests, and what comes in its place comes whole; if it changed meanwhile, the
change is made again on what it is now.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.workspace import files, folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

LIMIT: Final = 5.0  # seconds
_LARGEST: Final = 1 << 24  # bytes; what is larger gh has not written
# gh needs microseconds to write it; a machine under load may stop gh in between.
_REST: Final = 0.02  # seconds
# Older than this, nobody can be in the middle of writing it.
_OLD: Final = 2.0  # seconds
# Older than this, what was made ready is nobody's any more.
_LEFT: Final = 60.0  # seconds
# How rename(2) refuses to put a file in the place of a mount point.
_MOUNTED: Final = {errno.EBUSY, errno.EXDEV}
_Mark = tuple[int, int, int] | None


def change(path: Path, edit: Callable[[str | None], str | None]) -> bool:
    """
    Put what *edit* makes of *path*'s text in its place, mode 0600; return whether that differs.

    None means no file, before and after.  *edit* may be called several times.  A link stays one,
    its target is replaced.  Raises what *edit* raises, `GitleaseError` if the file is never at
    rest or its folder is not ours, and `OSError`; then the file holds what it held.
    """
    path = Path(os.path.realpath(path))
    deadline = time.monotonic() + LIMIT
    while True:
        mark = _rest(path, deadline)
        text = None if mark is None else _read(path)
        wanted = edit(text)
        if wanted == text:
            return False
        if _put(path, wanted, mark):
            return True
        _check(deadline, path)


def read(path: Path) -> str | None:
    """Return the text of *path* when it rests, None if there is none; raises as `change` does."""
    path = Path(os.path.realpath(path))
    return None if _rest(path, time.monotonic() + LIMIT) is None else _read(path)


def _rest(path: Path, deadline: float) -> _Mark:
    """Return what marks *path*'s state, once it has had the same for a moment."""
    mark = _mark(path)
    while mark is not None and abs(time.time() - mark[1] / 1e9) < _OLD:
        time.sleep(_REST)
        now = _mark(path)
        if now == mark:
            break
        mark = now
        _check(deadline, path)
    return mark


def _check(deadline: float, path: Path) -> None:
    if time.monotonic() > deadline:
        raise GitleaseError(
            f"{path} is being written all the time",
            hint="end the program that does, or wait: it is tried again",
        )


def _mark(path: Path) -> _Mark:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise GitleaseError(f"{path} is no regular file", hint="point GH_CONFIG_DIR at a folder")
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> str:
    # Bytes that are no UTF-8 are somebody's and come back as they were.
    try:
        data = files.read_regular(path, _LARGEST)
        # A power cut leaves files of nothing but NULs, with which gh does not even start.
        return data.decode("utf-8", "surrogateescape") if data.strip(b"\0") else ""
    except FileNotFoundError:
        return ""  # gone since we looked: what is made of it is not put


def _put(path: Path, text: str | None, mark: _Mark) -> bool:
    """Put *text* in the place of *path* if it still has *mark*; return whether that was done."""
    if text is None:
        if _mark(path) != mark:
            return False
        path.unlink()
        return True
    folders.make_parents(path)
    _check_folder(path.parent)
    data = text.encode("utf-8", "surrogateescape")
    ready = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    folders.write_whole(ready, data)
    try:
        # After all that takes time: what is left is the moment between these two calls.
        if _mark(path) != mark:
            return False
        ready.replace(path)
    except OSError as error:
        if error.errno not in _MOUNTED:
            raise
        _write_in_place(path, data)
    finally:
        ready.unlink(missing_ok=True)
        _remove_left(path)
    return True


def _remove_left(path: Path) -> None:
    """Remove what killed writers have left beside *path*, for it holds tokens; never fails."""
    made_here = re.compile(rf"\.{{1,2}}{re.escape(path.name)}(\.[0-9a-f]{{16}}){{1,2}}")
    with contextlib.suppress(OSError):
        for left in path.parent.iterdir():
            if made_here.fullmatch(left.name) and time.time() - left.lstat().st_mtime > _LEFT:
                left.unlink(missing_ok=True)


def _write_in_place(path: Path, data: bytes) -> None:
    """Write *data* over a mount point, in whose place nothing can be put."""
    old = path.read_bytes()
    with path.open("r+b", buffering=0) as file:
        try:
            _fill(file, data)
        except BaseException:
            # The old bytes have their room still, since nothing was cut off before.
            with contextlib.suppress(OSError):
                _fill(file, old)
            raise


def _fill(file: FileIO, data: bytes) -> None:
    file.seek(0)
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
    file.truncate(len(data))


def _check_folder(folder: Path) -> None:
    """Raise `GitleaseError` where somebody else could read or replace what we put there."""
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise GitleaseError(
            f"{folder} belongs to user {found.st_uid}, not to us ({os.geteuid()})",
            hint="chown it, or set GH_CONFIG_DIR to a folder of this user",
        )
    # gh itself makes it open to the group if the umask is; everybody is too many.
    if found.st_mode & stat.S_IWOTH:
        raise GitleaseError(f"{folder} can be written by everybody", hint=f"chmod o-w {folder}")
