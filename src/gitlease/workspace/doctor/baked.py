"""What the installer wrote into our programs, read back from them."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from gitlease.workspace import files


@dataclass(frozen=True, slots=True)
class Baked:
    """What the installer wrote into the helper; empty where it is none of ours."""

    python: str = ""
    main: Path = Path()
    home: str = ""
    settings: str = ""


def baked_into(helper: Path) -> Baked:
    """Return what the program *helper* says."""
    try:
        text = read(helper).decode("utf-8", "surrogateescape")
        line = next(line for line in text.splitlines() if line.startswith("python="))
        found = dict(word.split("=", 1) for word in shlex.split(line) if "=" in word)
        return Baked(found["python"], Path(found["main"]), found["home"], found["settings"])
    except (ValueError, KeyError, StopIteration):
        return Baked()


def gone(baked: Baked) -> Path | None:
    """Return what the helper starts and is not there, or None."""
    if not os.access(baked.python, os.X_OK):
        return Path(baked.python)
    return None if os.access(baked.main, os.R_OK) else baked.main


def holds(path: Path, text: str) -> bool:
    """Tell whether the file *path* is *text*, byte for byte."""
    return read(path) == text.encode("utf-8", "surrogateescape")


def read(path: Path) -> bytes:
    """Return the bytes of *path*, none if it cannot be read."""
    try:
        return files.read_regular(path)
    except OSError:
        return b""
