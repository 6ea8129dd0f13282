"""The step that writes our scripts under the names that images of the older shell system call."""

from __future__ import annotations

import base64
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.workspace import files, folders
from gitlease.workspace.install import traces
from gitlease.workspace.install.programs import main_file, write_program
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

HELPER: Final = "molecule-git-token-helper.sh"
# The names that older entrypoints and git configs call, with our template for each.
PROGRAMS: Final[tuple[tuple[str, str, Callable[..., str]], ...]] = (
    (HELPER, "compat-helper.sh", templates.compat_helper),
    ("molecule-gh-token-refresh.sh", "compat-refresher.sh", templates.compat_refresher),
)
TRACE: Final = "compat"
_NAMES: Final = tuple(name for name, _, _ in PROGRAMS)
_SHELLS: Final = {"sh", "bash", "dash"}
# In the first lines of both, whichever version of ours wrote them.
_MARK: Final = b"Written by `gitlease install"


class Compat:
    """Both scripts in *folder*."""

    name = "older scripts"

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    def describe(self) -> str:
        """Say what would be done."""
        return f"write {' and '.join(_NAMES)} into {self._folder}"

    def do(self) -> tuple[State, str]:
        """Write them, in a folder in which only we can place a file."""
        folders.make_parents(self._folder / "_")
        folders.check_ours(self._folder)
        traces.leave(self._settings, TRACE, self._folder, _before(self._folder))
        wrote = False
        for name, _, fill in PROGRAMS:
            text = fill(self._settings, python=sys.executable, main=main_file())
            wrote |= write_program(self._folder / name, text.encode(), 0o755)
        return ("done" if wrote else "already"), str(self._folder)

    def undo(self) -> tuple[State, str]:
        """Remove them, and put back what was there in their place; the folder is not ours."""
        kept = dict(traces.left(self._settings, TRACE)).get(str(self._folder), "")
        before = json.loads(kept or "{}")
        there = [self._folder / name for name in _NAMES if _is_marked(self._folder / name)]
        for path in there:
            if path.name in before:
                text, mode = before[path.name]
                folders.write_whole(path, base64.b64decode(text), mode=mode)
            else:
                path.unlink()
        state: State = "done" if there else "already"
        return state, f"no script of ours is in {self._folder}"


def is_older_line(settings: Settings, value: str) -> bool:
    """Tell whether `credential.helper = *value*` makes git run the script that we wrote."""
    script, is_program = _called(value)
    if not calls_script(settings, value) or not _is_written_by_us(script):
        return False
    return os.access(script, os.X_OK if is_program else os.R_OK)


def calls_script(settings: Settings, value: str) -> bool:
    """Tell whether `credential.helper = *value*` names our script's place, whatever is there."""
    if settings.compat_dir is None:
        return False
    script, _ = _called(value)
    return os.path.realpath(script) == os.path.realpath(settings.compat_dir / HELPER)


def _called(value: str) -> tuple[Path, bool]:
    """
    Return the one file that a helper of *value* runs ("/" if it is more), and if as a program.

    Source: gitcredentials(7), "CUSTOM HELPERS".
    """
    try:
        words = shlex.split(value.removeprefix("!"))
    except ValueError:
        words = []
    if len(words) == 2 and words[0].rpartition("/")[2] in _SHELLS:
        return Path(words[1]), False
    return Path(words[0] if len(words) == 1 else "/"), True


def _is_written_by_us(script: Path) -> bool:
    """Tell whether *script* begins as ours, and nobody else can have changed it."""
    opening = templates.opening("compat-helper.sh").encode()
    try:
        found = script.stat()
        with files.open_regular(script) as file:
            begins = file.read(len(opening)) == opening
    except OSError:
        return False
    # An image is built by root.
    return begins and found.st_uid in {0, os.geteuid()} and not found.st_mode & 0o022


def _before(folder: Path) -> str:
    """Return what *folder* has under those names that is not ours: text in base64, and mode."""
    found = {}
    for name in _NAMES:
        path = folder / name
        if folders.is_file(path) and not _is_marked(path):
            text = base64.b64encode(files.read_regular(path)).decode("ascii")
            found[name] = [text, path.stat().st_mode & 0o777]
    return json.dumps(found)


def _is_marked(path: Path) -> bool:
    try:
        with files.open_regular(path) as file:
            return _MARK in file.read(400)
    except OSError:
        return False
