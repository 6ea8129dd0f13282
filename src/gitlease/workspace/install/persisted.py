"""
The step that keeps the settings of the environment for a `git` that will not have it.

A cron job or an ssh session starts without the container's variables; it still finds the App and
the broker in `settings.toml`.  What a person added to that file stays, and a file that a person
wrote is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlease.workspace import files, folders
from gitlease.workspace.install import toml
from gitlease.workspace.settings import from_environment
from gitlease.workspace.settings_file import FILE, read_file

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

    def describe(self) -> str:
        """Say what would be done."""
        names = ", ".join(from_environment(self._env)) or "nothing"
        return f"keep in {self._path} what the environment says: {names}"

    def do(self) -> tuple[State, str]:
        """Write the settings that the environment names, unless the file is a person's."""
        folders.check_ours(self._path.parent)
        # What is there may narrow what a token can do: it is never written over unread.
        values, problem = read_file(self._path)
        if problem:
            return "failed", problem
        old = self._read()
        if old is not None and not old.startswith(MARK.encode()):
            return "skipped", f"{self._path} is your own"
        # A later install with a barer environment must not forget what the first one knew.
        new = {name: value for name, (_, value) in from_environment(self._env).items()}
        if old is not None and values == values | new:
            return "already", str(self._path)
        folders.write_ours(
            self._path.parent, self._path, (MARK + toml.dumps(values | new)).encode()
        )
        return "done", str(self._path)

    def undo(self) -> tuple[State, str]:
        """Remove the file if it is ours."""
        folders.check_owner(self._path.parent)
        old = self._read()
        if old is None:
            return "already", f"{self._path} is not there"
        if not old.startswith(MARK.encode()):
            return "skipped", f"{self._path} is your own"
        self._path.unlink()
        return "done", f"{self._path} is removed"

    def _read(self) -> bytes | None:
        try:
            return files.read_regular(self._path)
        except FileNotFoundError:
            return None
