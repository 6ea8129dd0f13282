"""
Keep what takes minutes to make, in one folder for every checkout of a person.

A thing is named by the hash of its recipe, so a changed recipe makes a new one and a half made
one is never seen: it is built under another name and renamed when whole.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNUSED_FOR = 7 * 24 * 3600  # seconds; another checkout may stand on an older recipe until then


def folder() -> Path:
    """Return the cache folder: ``GITLEASE_DEV_CACHE``, or ``~/.cache/gitlease-dev``."""
    chosen = os.environ.get("GITLEASE_DEV_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "gitlease-dev"


def kept(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    """
    Return the folder *name* made by *recipe*; call *build* with an empty folder if it is absent.

    Any number of processes may ask at once: one builds, the others wait.  What *build* raises
    passes through, and the next call starts anew.
    """
    done = _place(name, recipe)
    with locked(name):
        if not done.is_dir():
            _remove_leftovers(name)
            part = done.with_name(f"{done.name}.part")
            part.mkdir()
            build(part)
            part.rename(done)
        os.utime(done)
    return done


def is_kept(name: str, recipe: str) -> bool:
    """Tell whether the folder *name* made by *recipe* is there."""
    return _place(name, recipe).is_dir()


def _place(name: str, recipe: str) -> Path:
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    return folder() / f"{name}-{digest}"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock *name* of the cache folder; the kernel frees it with the process."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_leftovers(name: str) -> None:
    # Under the lock, so a .part has nobody who still builds it.
    for other in folder().glob(f"{name}-*"):
        idle = time.time() - other.stat().st_mtime
        if other.suffix == ".part" or idle > UNUSED_FOR:
            shutil.rmtree(other)
