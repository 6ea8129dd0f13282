"""The step that writes our scripts under the names that images of the older shell system call."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Final

from gitlease.workspace import folders
from gitlease.workspace.install import traces
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
TRACE: Final = "compat"
# In the first lines of both.
_MARK: Final = b"Written by `gitlease install"


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
        traces.leave(self._settings, TRACE, self._folder, _before(self._folder))
        wrote = False
        for name, fill in PROGRAMS.items():
            text = fill(self._settings, python=sys.executable, main=main_file())
            wrote |= write_program(self._folder / name, text.encode(), 0o755)
        return ("done" if wrote else "already"), str(self._folder)

    def undo(self) -> tuple[State, str]:
        """Remove them, and put back what was there in their place; the folder is not ours."""
        kept = dict(traces.left(self._settings, TRACE)).get(str(self._folder), "")
        before = json.loads(kept or "{}")
        there = [self._folder / name for name in PROGRAMS if _is_ours(self._folder / name)]
        for path in there:
            if path.name in before:
                text, mode = before[path.name]
                folders.write_whole(path, base64.b64decode(text), mode=mode)
            else:
                path.unlink()
        state: State = "done" if there else "already"
        return state, f"no script of ours is in {self._folder}"


def _before(folder: Path) -> str:
    """Return what *folder* has under those names that is not ours: text in base64, and mode."""
    found = {}
    for name in PROGRAMS:
        path = folder / name
        if folders.is_file(path) and not _is_ours(path):
            text = base64.b64encode(path.read_bytes()).decode("ascii")
            found[name] = [text, path.stat().st_mode & 0o777]
    return json.dumps(found)


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _MARK in file.read(400)
    except OSError:
        return False
