"""Whose the emulator's folder is: one emulator's at a time, and nobody's who keeps other files."""

import contextlib
import fcntl
from collections.abc import Iterator

from .paths import Paths
from .seeds import SeedError


@contextlib.contextmanager
def claimed(paths: Paths) -> Iterator[None]:
    """
    Make the emulator's folder, or take one of an earlier run, and keep others out of it.

    Another one there would put its own key and certificates in the place of ours.  Raises
    `SeedError`.
    """
    try:
        paths.root.mkdir(parents=True, exist_ok=True)
        if not paths.marker.exists() and any(paths.root.iterdir()):
            text = "holds other files; name a new or empty folder"
            raise SeedError(f"{paths.root}: {text}")
        marker = paths.marker.open("a+")
    except OSError as error:
        text = f"{paths.root}: {error.strerror}; name a folder that can be written"
        raise SeedError(text) from None
    with marker:
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = "another emulator runs there; end it, or name another folder"
            raise SeedError(f"{paths.root}: {text}") from None
        marker.truncate(0)
        marker.write("The files of a gitlease emulator; remove the folder at will.\n")
        marker.flush()
        yield
