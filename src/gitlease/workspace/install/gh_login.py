"""The step that logs gh in, so that it works before the refresher has made its first round."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.gh import logout, program
from gitlease.workspace.gh.keeping import keep
from gitlease.workspace.gh.target import target
from gitlease.workspace.renewal import Renewal
from gitlease.workspace.sources import VARIABLES, Chain

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

    def do(self) -> tuple[State, str]:
        """Log gh in with the workspace's token; raise why there is none."""
        if program.find(self._env) is None:
            return "skipped", "gh is not installed"
        if not self._is_configured():
            return "skipped", "no source of tokens is configured yet"
        cache = Cache(self._settings)
        chain = Chain(self._settings, self._env, cache, time.time)
        renewal = Renewal(self._settings, cache, chain, clocks.read, configured=chain.configured)
        outcome = renewal.get(target(self._settings))
        return keep(self._settings, self._env, outcome.token, verify=True)

    def _is_configured(self) -> bool:
        mine = self._settings
        return bool(mine.broker_url or mine.app_id or any(map(self._env.get, VARIABLES)))

    def undo(self) -> tuple[State, str]:
        """Take the login back; what was there before is there again."""
        return logout.log_out(self._settings, self._env)
