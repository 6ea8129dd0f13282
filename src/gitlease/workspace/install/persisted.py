"""
The step that keeps the settings of the environment for a `git` that will not have it.

A cron job or an ssh session starts without the container's variables; it still finds the App and
the broker in `settings.toml`.  A file that a person wrote is left alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from gitlease.workspace import folders
from gitlease.workspace.settings import FILE, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

MARK: Final = (
    "# Written by `gitlease install` from the environment; remove this line to keep yours.\n"
)


class Persisted:
    """The file `settings.toml` in our home folder."""

    name = "settings"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._path = settings.home / FILE
        self._env = env

    def do(self) -> tuple[State, str]:
        """Write the settings that the environment names, unless the file is a person's."""
        try:
            old = self._path.read_text("utf-8")
        except FileNotFoundError:
            old = None
        if old is not None and not old.startswith(MARK):
            return "skipped", f"{self._path} is your own"
        rows = []
        for name, variables in VARIABLES.items():
            value = next((self._env[v] for v in variables if self._env.get(v)), None)
            if value is not None:
                # A JSON string of printable text is a TOML basic string too.
                rows.append(f"{name} = {json.dumps(value, ensure_ascii=False)}\n")
        if not rows and old is not None:
            # A later install with a bare environment must not forget the first one's.
            return "already", f"{self._path} is kept, the environment names no settings"
        new = MARK + "".join(rows)
        if new == old:
            return "already", str(self._path)
        folders.write_whole(self._path, new.encode())
        return "done", str(self._path)

    def undo(self) -> tuple[State, str]:
        """Remove the file if it is ours."""
        try:
            ours = self._path.read_text("utf-8").startswith(MARK)
        except FileNotFoundError:
            return "already", f"{self._path} is not there"
        if not ours:
            return "skipped", f"{self._path} is your own"
        self._path.unlink()
        return "done", f"{self._path} is removed"
