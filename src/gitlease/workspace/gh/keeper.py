"""What the refresher does for those who ask no helper: gh, a file of its own, git's commits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.workspace import folders, identity
from gitlease.workspace.gh import keeping, program
from gitlease.workspace.gh.target import target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.targets import Target
    from gitlease.model.tokens import Token
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Keeper:
    """
    Logs gh in where there is one, and says in whose name git commits if that is wanted.

    The token is also in the file that older images read, where the settings name one.
    """

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self.target: Target = target(settings)

    @property
    def is_needed(self) -> bool:
        """Tell whether anybody here wants the token."""
        return bool(self._settings.token_file) or self._settings.identity or self._has_gh()

    def log_in(self, token: Token) -> tuple[State, str]:
        """Do it all with *token*; return how that went.  Raises `GitleaseError` or `OSError`."""
        done: list[tuple[State, str]] = []
        if self._settings.token_file:
            path = Path(self._settings.token_file)
            folders.write_whole(path, f"{token.secret.reveal()}\n".encode())
            done.append(("done", f"{path} has the token"))
        if self._has_gh():
            done = [keeping.keep(self._settings, self._env, token)]
        # The last: it may have to ask GitHub, and gh shall not do without for that.
        if self._settings.identity:
            done.append(identity.keep(self._settings, self._env, token.secret))
        return done[0][0], "; ".join(text for _, text in done)

    def _has_gh(self) -> bool:
        return self._settings.gh and program.find(self._env) is not None
