"""
Room on the disk for what is told once: a file that has its bytes before it has its content.

A file that a container was given by a mount of its own is filled where it is, because nothing can
be put in its place (`mount --bind`, Docker's `--volume FILE:FILE`).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from gitlease.workspace import folders

if TYPE_CHECKING:
    from types import TracebackType

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD: Final = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Room:
    """
    A context that has room for *size* bytes, which are to be the file *path*.

    Raises `OSError` if there is none; then, and if nothing is filled in, *path* is as it was.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self._draft: Path | None = None
        self._descriptor = -1
        self._before = 0

    def __enter__(self) -> Self:
        folders.make_parents(self._path)
        if _is_mounted(self._path):
            self._descriptor = os.open(self._path, _OLD)
            self._before = os.fstat(self._descriptor).st_size
        else:
            self._draft = self._path.with_name(f"{self._path.name}.{os.urandom(8).hex()}")
            self._descriptor = os.open(self._draft, _NEW, 0o600)
        try:
            # Whoever reads it meanwhile sees the old line, or none yet.
            os.pwrite(self._descriptor, b"\n" * self._size, self._before)
            os.fsync(self._descriptor)
        except BaseException:
            self._leave()
            raise
        return self

    def fill(self, data: bytes) -> None:
        """Let the file hold *data*, in one step and mode 0600 if it is no mount of its own."""
        with contextlib.suppress(OSError):
            # A mount may be another's, who decides on its mode.
            os.fchmod(self._descriptor, 0o600)
        os.pwrite(self._descriptor, data, 0)
        os.ftruncate(self._descriptor, len(data))
        os.fsync(self._descriptor)
        self._before = len(data)
        if self._draft is not None:
            self._draft.replace(self._path)
            _keep_name(self._path.parent)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._draft is None:
            os.ftruncate(self._descriptor, self._before)
        os.close(self._descriptor)
        if self._draft is not None:
            with contextlib.suppress(FileNotFoundError):
                self._draft.unlink()


def _keep_name(folder: Path) -> None:
    """Let the names in *folder* outlive a power cut, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_mounted(path: Path) -> bool:
    """Tell whether *path* is a mount point, proc_pid_mountinfo(5); nobody knows without /proc."""
    # There, octal numbers stand for what would end a word.
    place = Path(os.path.realpath(path.parent)) / path.name
    named = str(place).replace("\\", "\\134").replace(" ", "\\040")
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    return any(line.split(" ")[4:5] == [named] for line in lines)
