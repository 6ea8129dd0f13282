"""The step that logs gh in, so that it works before the refresher has made its first round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.errors import OwnerNeededError
from gitlease.workspace import notes
from gitlease.workspace.fetching import renewal_for
from gitlease.workspace.gh import logout, program
from gitlease.workspace.gh.keeping import keep
from gitlease.workspace.gh.target import target
from gitlease.workspace.sources import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class GhLogin:
    """Our host's block in gh's `hosts.yml`."""

    name = "gh"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env

    def describe(self) -> str:
        """Say what would be done."""
        return f"log gh in to {self._settings.host}, if it is installed"

    def do(self) -> tuple[State, str]:
        """Log gh in with the workspace's token; raise why there is none."""
        if not self._settings.gh:
            return "skipped", "it is switched off (GITLEASE_GH)"
        if program.find(self._env) is None:
            return "skipped", "gh is not installed"
        if not self._is_configured():
            return "skipped", "no source of tokens is configured yet"
        try:
            outcome = renewal_for(self._settings, self._env).get(target(self._settings))
        except OwnerNeededError as error:
            # Nothing is wrong, so a probe shall not hear of it.
            notes.forget_failure(self._settings, target(self._settings).names[0])
            return "skipped", f"{error.message}; set GITLEASE_GH_OWNER"
        return keep(self._settings, self._env, outcome.token, verify=True)

    def _is_configured(self) -> bool:
        mine = self._settings
        return bool(mine.broker_url or mine.app_id or any(map(self._env.get, VARIABLES)))

    def undo(self) -> tuple[State, str]:
        """Take the login back; what was there before is there again."""
        return logout.log_out(self._settings, self._env)
