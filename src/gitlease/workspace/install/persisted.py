"""
The step that keeps the settings of the environment for a `git` that will not have it.

A cron job or an ssh session starts without the container's variables; it still finds the App and
the broker in `settings.toml`.  A file that a person wrote is left alone.
"""

from __future__ import annotations

import json
import tomllib
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
        folders.check_ours(self._path.parent)
        old = self._read()
        if old is not None and not old.startswith(MARK.encode()):
            return "skipped", f"{self._path} is your own"
        # A later install with a barer environment must not forget what the first one knew.
        values = _values(old or b"")
        for name, variables in VARIABLES.items():
            value = next((self._env[v] for v in variables if self._env.get(v)), None)
            if value is not None:
                values[name] = value
        # A JSON string of printable text is a TOML basic string too.
        rows = [
            f"{name} = {json.dumps(values[name], ensure_ascii=False)}\n"
            for name in VARIABLES
            if name in values
        ]
        new = (MARK + "".join(rows)).encode()
        if new == old:
            return "already", str(self._path)
        folders.write_whole(self._path, new)
        return "done", str(self._path)

    def undo(self) -> tuple[State, str]:
        """Remove the file if it is ours."""
        old = self._read()
        if old is None:
            return "already", f"{self._path} is not there"
        if not old.startswith(MARK.encode()):
            return "skipped", f"{self._path} is your own"
        self._path.unlink()
        return "done", f"{self._path} is removed"

    def _read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None


def _values(data: bytes) -> dict[str, str]:
    """Return what an earlier installation wrote; nothing if it is broken since."""
    try:
        found = tomllib.loads(data.decode("utf-8"))
    except ValueError:
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}
