"""The step that writes our scripts under the names that images of the older shell system call."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from gitlease.workspace import folders
from gitlease.workspace.install.programs import main_file, write_program
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

# The names that older entrypoints and git configs call.
PROGRAMS: Final[dict[str, Callable[..., str]]] = {
    "molecule-git-token-helper.sh": templates.compat_helper,
    "molecule-gh-token-refresh.sh": templates.compat_refresher,
}


class Compat:
    """Both scripts in *folder*."""

    name = "older scripts"

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    def describe(self) -> str:
        """Say what would be done."""
        return f"write {' and '.join(PROGRAMS)} into {self._folder}"

    def do(self) -> tuple[State, str]:
        """Write them, in a folder in which only we can place a file."""
        folders.make_parents(self._folder / "_")
        folders.check_ours(self._folder)
        wrote = False
        for name, fill in PROGRAMS.items():
            text = fill(self._settings, python=sys.executable, main=main_file())
            wrote |= write_program(self._folder / name, text.encode(), 0o755)
        return ("done" if wrote else "already"), str(self._folder)

    def undo(self) -> tuple[State, str]:
        """Remove them; the folder is not ours."""
        there = [self._folder / name for name in PROGRAMS if (self._folder / name).exists()]
        for path in there:
            path.unlink()
        state: State = "done" if there else "already"
        return state, f"no script of ours is in {self._folder}"
