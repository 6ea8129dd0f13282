"""
A git config file, changed as git itself changes it: under `<file>.lock`, and whole.

git takes the lock by creating it and gives up at once if it is there; we wait for a while, since
many programs configure git when a container starts.  Source: git's `lockfile.h`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from gitlease.model.errors import GitleaseError
from gitlease.workspace import folders

if TYPE_CHECKING:
    from types import TracebackType

LIMIT: Final = 5.0  # seconds
_PAUSE: Final = 0.02  # seconds
# How rename(2) refuses to put a file in the place of a mount point.
_MOUNTED: Final = {errno.EBUSY, errno.EXDEV}
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_ENDINGS: Final = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
_CLOSED: Final = {errno.EROFS, errno.EACCES, errno.EPERM}


class ConfigFile:
    """
    A context in which we alone may change *path*; `text` is what it holds, "" if missing.

    Raises `GitleaseError` if the lock is not free within `LIMIT` or *path* is no regular file,
    `OSError` if the folder or the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        # git follows links too, so that a linked dotfile stays a link.
        self._path = Path(os.path.realpath(path))
        self._lock = self._path.with_name(self._path.name + ".lock")
        self._descriptor = -1
        self._mask: set[signal.Signals] | set[int] = set()
        self._used = False
        self.text = ""
        self.existed = False

    def __enter__(self) -> Self:
        if self._path.exists() and not self._path.is_file():
            # To put a file in the place of /dev/null would break far more than git.
            raise GitleaseError(
                f"{self._path} is no regular file", hint="point GIT_CONFIG_GLOBAL at a file"
            )
        self._descriptor = self._take_lock()
        try:
            self._read()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def _take_lock(self) -> int:
        folders.make_parents(self._path)
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                return self._create_lock()
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise GitleaseError(
                        f"{self._lock} is held by another program",
                        hint=f"if no git runs, remove it: rm {self._lock}",
                    ) from None
                time.sleep(_PAUSE)
            except OSError as error:
                if error.errno not in _CLOSED:
                    raise
                # Without the lock a git that writes at the same time would undo one of the two.
                raise GitleaseError(
                    f"{self._path} cannot be changed, by git neither: no lock can be made in its "
                    f"folder ({error.strerror})",
                    hint=f"make {self._lock.parent} writable for this user, or set HOME or "
                    "GIT_CONFIG_GLOBAL to where it may write",
                ) from None

    def _create_lock(self) -> int:
        # Whoever ends us meanwhile waits until the lock is gone: git takes it for one that is held.
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        try:
            return os.open(self._lock, _NEW, 0o644)  # a new file's mode, minus the umask
        except BaseException:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            raise

    def _read(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        # Bytes that are no UTF-8 are the user's and come back as they were.
        self.text = data.decode("utf-8", "surrogateescape")
        self.existed = True

    def replace(self, text: str) -> None:
        """
        Make *text* the file's content in one step, keeping its mode.

        A file that is a mount point is written in place, since nothing can be put there.  Raises
        `OSError`, and then the file holds what it held.
        """
        data = _bytes(text)
        if self.existed:
            # Before the first byte: it may be nobody else's to read.
            found = self._path.stat()
            os.fchmod(self._descriptor, found.st_mode & 0o7777)
            # Only root can, and only root has to: anybody else's file is their own.
            with contextlib.suppress(OSError):
                os.fchown(self._descriptor, found.st_uid, found.st_gid)
        _write(self._descriptor, data)
        try:
            self._lock.replace(self._path)
        except OSError as error:
            if error.errno not in _MOUNTED:
                raise
            self._write_in_place(data)
            return
        self._used = True

    def _write_in_place(self, data: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            _write(descriptor, data)
            os.ftruncate(descriptor, len(data))
        except BaseException:
            # The old bytes have their room still, since nothing was cut off before.
            with contextlib.suppress(OSError):
                os.lseek(descriptor, 0, os.SEEK_SET)
                _write(descriptor, _bytes(self.text))
                os.ftruncate(descriptor, len(_bytes(self.text)))
            raise
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink()

    def _release(self) -> None:
        try:
            os.close(self._descriptor)
            if not self._used:
                self._lock.unlink(missing_ok=True)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)
