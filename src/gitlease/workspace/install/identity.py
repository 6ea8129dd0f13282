"""The step by which commits are the App's from the start; later its refresher looks after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.errors import OwnerNeededError
from gitlease.workspace import folders, notes
from gitlease.workspace.gh.target import target
from gitlease.workspace.install.wiring import identity_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Identity:
    """The file that our git config includes for it."""

    name = "identity"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self._path = identity_file(settings)

    def describe(self) -> str:
        """Say what would be done."""
        return f"ask {self._settings.host} who the App is, and let git commit in its name"

    def do(self) -> tuple[State, str]:
        """Find out who the App is and write it; raise a `GitleaseError` where nobody tells."""
        # It imports what only this step needs.
        from gitlease.workspace import identity  # noqa: PLC0415
        from gitlease.workspace.fetching import renewal_for  # noqa: PLC0415

        try:
            outcome = renewal_for(self._settings, self._env).get(target(self._settings))
        except OwnerNeededError as error:
            notes.forget_failure(self._settings, target(self._settings).names[0])
            return "skipped", f"{error.message}; set GITLEASE_GH_OWNER to any of them"
        return identity.keep(self._settings, self._env, outcome.token.secret)

    def undo(self) -> tuple[State, str]:
        """Remove the file."""
        folders.check_owner(self._settings.home)
        if not self._path.exists():
            return "already", f"{self._path} is not there"
        self._path.unlink()
        return "done", f"{self._path} is removed"
