"""
A git config file, changed as git itself changes it: under `<file>.lock`, and whole.

git takes the lock by creating it and gives up at once if it is there; we wait for a while, since
many programs configure git when a container starts.  Source: git's `lockfile.h`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from gitlease.model.errors import GitleaseError

if TYPE_CHECKING:
    from types import TracebackType

LIMIT: Final = 5.0  # seconds
_PAUSE: Final = 0.02  # seconds


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
        self._used = False
        self.text = ""
        self.existed = False

    def __enter__(self) -> Self:
        if self._path.exists() and not self._path.is_file():
            # To put a file in the place of /dev/null would break far more than git.
            raise GitleaseError(
                f"{self._path} is no regular file", hint="point GIT_CONFIG_GLOBAL at a file"
            )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                self._descriptor = os.open(
                    self._lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
                )
                break
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise GitleaseError(
                        f"{self._lock} is held by another program",
                        hint=f"if no git runs, remove it: rm {self._lock}",
                    ) from None
                time.sleep(_PAUSE)
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

    def _read(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        # Bytes that are no UTF-8 are the user's and come back as they were.
        self.text = data.decode("utf-8", "surrogateescape")
        self.existed = True

    def replace(self, text: str) -> None:
        """Make *text* the file's content in one step, keeping its mode."""
        data = text.encode("utf-8", "surrogateescape")
        mode = self._path.stat().st_mode & 0o7777 if self.existed else 0o644
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        os.fchmod(self._descriptor, mode)
        os.fsync(self._descriptor)
        try:
            self._lock.replace(self._path)
        except OSError:
            # A file that is itself a mount point cannot be replaced, only written.
            self._path.write_bytes(data)
            return
        self._used = True

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink()

    def _release(self) -> None:
        os.close(self._descriptor)
        if not self._used:
            self._lock.unlink(missing_ok=True)
