"""The step that starts the refresher, and lets a dead one be started again by the next miss."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.workspace import daemon, files, folders
from gitlease.workspace.install.programs import main_file
from gitlease.workspace.locks import held
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Refresher:
    """`bin/gitlease-refresher`, the process that runs it, and the file that says it is wanted."""

    name = "refresher"

    def __init__(self, settings: Settings, env: Mapping[str, str], *, wait: bool = True) -> None:
        """Without *wait* nobody looks whether it comes up."""
        self._settings = settings
        self._env = env
        self._wait = wait

    def describe(self) -> str:
        """Say what would be done."""
        return f"write {self._settings.refresher} and start it"

    def do(self) -> tuple[State, str]:
        """Write the program and start it, unless the same one runs; an older one is replaced."""
        with self._written():
            return daemon.start(self._settings, self._env, wait=self._wait)

    def become(self) -> None:
        """Write the program and be it, in the foreground; return only if another process is."""
        with self._written():
            daemon.become(self._settings, self._env)

    @contextlib.contextmanager
    def _written(self) -> Iterator[None]:
        program = self._settings.refresher
        # A shell will run it: nobody else may be able to put another in its place.
        folders.check_ours(self._settings.home)
        folders.check_ours(program.parent)
        text = templates.refresher(self._settings, python=sys.executable, main=main_file()).encode()
        lock = daemon.marker(self._settings)
        folders.make_private(lock.parent)
        # One installer after the other, or each would end what the one before has just started.
        with held(lock):
            if _read(program) != text:
                folders.write_whole(program, text, mode=0o700)
                daemon.stop(self._settings)
            yield

    def undo(self) -> tuple[State, str]:
        """End it, and remove the program and the file in which it kept the token."""
        folders.check_owner(self._settings.home)
        # First: a miss in between must not start it again.
        daemon.marker(self._settings).unlink(missing_ok=True)
        ran = daemon.stop(self._settings)
        kept = Path(self._settings.token_file)
        if folders.is_file(kept):
            # Only now: a round in between would write it again.  A device is no file of ours.
            kept.unlink(missing_ok=True)
        if not self._settings.refresher.exists():
            return "already", f"{self._settings.refresher} is not there"
        self._settings.refresher.unlink()
        return "done", "it has ended" if ran else "it did not run"


def _read(path: Path) -> bytes | None:
    try:
        return files.read_regular(path)
    except OSError:
        return None
