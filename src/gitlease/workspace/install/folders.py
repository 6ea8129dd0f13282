"""The step that makes our folders, private to this user."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import SettingsError
from gitlease.workspace import folders
from gitlease.workspace.install import traces
from gitlease.workspace.settings import user_folder
from gitlease.workspace.way import check_way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

NAMES = ("bin", "cache", "run", "log")
SHIMS = "shims"  # made and removed by its own step
_ABOVE: Final = "folder"  # the trace of one that had to be made for ours


def check_place(home: Path, env: Mapping[str, str]) -> None:
    """Raise `FolderError` where somebody else could put another folder in the place of *home*."""
    try:
        user = user_folder(env)
    except SettingsError:
        # A user without a name or a folder: nothing is excused.
        user = home
    check_way(home, user)


class Folders:
    """The home folder and those in it."""

    name = "folders"

    def __init__(self, settings: Settings, env: Mapping[str, str] | None = None) -> None:
        """*env* is the environment that names the user's own folder (default: this process's)."""
        self._settings = settings
        self._home = settings.home
        self._env = os.environ if env is None else env

    def describe(self) -> str:
        """Say what would be done."""
        return f"make {self._home} with {', '.join(NAMES)}, closed to others"

    def do(self) -> tuple[State, str]:
        """Make what is missing; an existing folder that is foreign or loose is refused."""
        check_place(self._home, self._env)
        missing = [folder for folder in self._home.parents if not folders.is_there(folder)]
        made = folders.make_private(self._home)
        for name in NAMES:
            made |= folders.make_private(self._home / name)
        for folder in missing:
            traces.leave(self._settings, _ABOVE, folder)
        return ("done" if made else "already"), str(self._home)

    def undo(self) -> tuple[State, str]:
        """Remove our folders, and the home and what was made for it, if nothing else is in them."""
        if not self._home.exists():
            return "already", f"{self._home} is not there"
        folders.check_private(self._home)
        above = {Path(place) for place, _ in traces.left(self._settings, _ABOVE)}
        for name in NAMES:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self._home / name)
        # An installation may have been killed.
        for folder in (self._home / SHIMS, self._home):
            folders.remove_drafts(folder)
        with contextlib.suppress(OSError):
            (self._home / SHIMS).rmdir()
        try:
            self._home.rmdir()
        except OSError as error:
            # A mount point cannot be removed, however empty it is.
            why = "it holds files of yours" if any(self._home.iterdir()) else str(error.strerror)
            return "done", f"{self._home} is kept, {why}"
        # The lowest first; one with something in it stays, and so do those above.
        for folder in self._home.parents:
            if folder in above:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        return "done", f"{self._home} is removed"
