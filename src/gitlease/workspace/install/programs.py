"""The steps that write our sh programs, with this interpreter's path baked in."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import gitlease
from gitlease.model import gitcred
from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable
from gitlease.workspace import files, folders, python_path
from gitlease.workspace.install import traces
from gitlease.workspace.install.folders import check_place
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


LIMIT: Final = 10.0  # seconds that a start of Python may take
SYSTEM: Final = "system"  # the trace of the program that is every user's


class Programs:
    """`bin/git-credential-gitlease`."""

    name = "helper"

    def __init__(self, settings: Settings, env: Mapping[str, str] | None = None) -> None:
        """*env* is the environment that names the user's own folder (default: this process's)."""
        self._settings = settings
        self._env = os.environ if env is None else env

    def describe(self) -> str:
        """Say what would be done."""
        return f"write {self._settings.helper}, which starts {sys.executable} where it has to"

    def do(self) -> tuple[State, str]:
        """Write the helper, unless the same one is there, if it and its Python can be started."""
        main = main_file()
        text = templates.credential_helper(self._settings, python=sys.executable, main=main)
        path = self._settings.helper
        # git will run it: nobody else may be able to put another in its place.
        check_place(self._settings.home, self._env)
        folders.check_ours(self._settings.home)
        folders.check_ours(path.parent)
        # First: a helper that works is not taken away for one that does not.  One that is there
        # already has been tried.
        if not _holds(path, text.encode(), 0o700):
            start_python(sys.executable, main)
        wrote = python_path.note(self._settings.home)
        wrote |= write_program(path, text.encode(), 0o700)
        if not os.access(path, os.X_OK):
            raise GitleaseError(
                f"{path} cannot be run, programs are forbidden on its file system (noexec)",
                hint="set GITLEASE_HOME to a folder on another",
            )
        return ("done" if wrote else "already"), str(path)

    def undo(self) -> tuple[State, str]:
        """Remove the helper."""
        folders.check_owner(self._settings.home)
        return remove_program(self._settings.helper)


class SystemHelper:
    """The one program that every user's git is told of."""

    name = "system helper"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def describe(self) -> str:
        """Say what would be done."""
        return f"write {self._settings.system_helper}, which leads each user to his own helper"

    def do(self) -> tuple[State, str]:
        """Write it, in a folder in which only we can write and everybody can read."""
        path = self._settings.system_helper
        folders.make_parents(path)
        folders.check_ours(path.parent)
        traces.leave(self._settings, SYSTEM, path)
        text = templates.system_helper(python=sys.executable, main=main_file()).encode()
        return ("done" if write_program(path, text, 0o755) else "already"), str(path)

    def undo(self) -> tuple[State, str]:
        """Remove it, and the folder if nothing else is in it."""
        return remove_program(self._settings.system_helper)


def main_file() -> Path:
    """Return the file that an interpreter runs to be us, whatever its search path."""
    return Path(gitlease.__file__).resolve().parent / "__main__.py"


def _holds(path: Path, text: bytes, mode: int) -> bool:
    try:
        return files.read_regular(path) == text and path.stat().st_mode & 0o777 == mode
    except OSError:
        return False


def write_program(path: Path, text: bytes, mode: int) -> bool:
    """Write *text* to *path* with *mode*, unless it is there already; return whether it was not."""
    if _holds(path, text, mode):
        return False
    folders.write_whole(path, text, mode=mode)
    return True


def remove_program(path: Path) -> tuple[State, str]:
    """Remove *path*, and its folder if nothing else is in it; say what was done."""
    if not path.exists():
        return "already", f"{path} is not there"
    path.unlink()
    with contextlib.suppress(OSError):
        path.parent.rmdir()
    return "done", f"{path} is removed"


def start_python(python: str, main: Path) -> None:
    """Start *python* as the helper will; raise `GitleaseError` if *main* does not come up."""
    command = [python, "-I", "-S", str(main), "credential", "capability"]
    try:
        ran = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False
        )
        why = ran.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        if ran.returncode == 0 and ran.stdout == gitcred.CAPABILITIES:
            return
    except subprocess.TimeoutExpired:
        why = f"no answer within {LIMIT:.0f} s"
    except OSError as error:
        why = str(error.strerror)
    raise GitleaseError(
        f"the helper's Python cannot be started ({printable(why, 200)})",
        hint="install gitlease by pip, into a folder, and run `gitlease install` from there",
    )
