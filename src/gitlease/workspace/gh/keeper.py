"""What the refresher does for gh and for whoever reads the token from a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.workspace import folders
from gitlease.workspace.gh import keeping, program
from gitlease.workspace.gh.target import target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.targets import Target
    from gitlease.model.tokens import Token
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Keeper:
    """Logs gh in where there is one, and writes the token to the file that older images read."""

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self.target: Target = target(settings)

    @property
    def is_needed(self) -> bool:
        """Tell whether anybody here wants the token."""
        return bool(self._settings.token_file) or self._has_gh()

    def log_in(self, token: Token) -> tuple[State, str]:
        """Log gh in with *token* and write the file; return how that went."""
        if self._settings.token_file:
            path = Path(self._settings.token_file)
            folders.write_whole(path, f"{token.secret.reveal()}\n".encode())
            if not self._has_gh():
                return "done", f"{path} has the token"
        return keeping.keep(self._settings, self._env, token)

    def _has_gh(self) -> bool:
        return self._settings.gh and program.find(self._env) is not None
