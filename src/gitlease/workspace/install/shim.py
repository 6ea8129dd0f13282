"""The step that writes our gh, which keeps an App's token in the environment fresh."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gitlease.workspace import folders
from gitlease.workspace.install.programs import main_file, remove_program, write_program
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Shim:
    """`shims/gh`, in a folder of its own: who wants it puts that folder first on PATH."""

    name = "gh shim"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def describe(self) -> str:
        """Say what would be done."""
        return f"write {self._settings.shim}"

    def do(self) -> tuple[State, str]:
        """Write the shim, unless the same one is there, if the helper that it asks is."""
        path = self._settings.shim
        if not os.access(self._settings.helper, os.X_OK):
            return "skipped", f"{self._settings.helper} is missing or cannot be run"
        folders.check_ours(self._settings.home)
        folders.make_private(path.parent)
        text = templates.gh_shim(self._settings, python=sys.executable, main=main_file())
        wrote = write_program(path, text.encode(), 0o700)
        return ("done" if wrote else "already"), str(path)

    def undo(self) -> tuple[State, str]:
        """Remove the shim and its folder."""
        folders.check_owner(self._settings.home)
        return remove_program(self._settings.shim)
