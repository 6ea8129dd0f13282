"""The step that writes our sh programs, with this interpreter's path baked in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import gitlease
from gitlease.workspace import folders
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Programs:
    """`bin/git-credential-gitlease`."""

    name = "helper"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def do(self) -> tuple[State, str]:
        """Write the helper, unless the same one is there."""
        text = templates.credential_helper(
            self._settings,
            python=sys.executable,
            main=Path(gitlease.__file__).resolve().parent / "__main__.py",
        ).encode()
        path = self._settings.helper
        # git will run it: nobody else may be able to put another in its place.
        folders.check_ours(self._settings.home)
        folders.check_ours(path.parent)
        try:
            if path.read_bytes() == text and path.stat().st_mode & 0o777 == 0o700:
                return "already", str(path)
        except OSError:
            pass
        folders.write_whole(path, text, mode=0o700)
        return "done", str(path)

    def undo(self) -> tuple[State, str]:
        """Remove the helper."""
        path = self._settings.helper
        if not path.exists():
            return "already", f"{path} is not there"
        path.unlink()
        return "done", f"{path} is removed"
