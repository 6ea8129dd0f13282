"""What the refresher does for those who ask no helper: gh, a file of its own, git's commits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.model.errors import GitleaseError, SettingsError
from gitlease.workspace import folders, identity
from gitlease.workspace.gh import keeping, program
from gitlease.workspace.gh.target import target
from gitlease.workspace.sources import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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
        """
        Do it all with *token*; return how that went.

        Raises the first `GitleaseError` or `OSError`, once all has been tried: gh shall not do
        without for a file that cannot be written.
        """
        done: list[tuple[State, str]] = []
        failed: list[Exception] = []
        for act in self._acts():
            try:
                done.append(act(token))
            except (GitleaseError, OSError) as error:
                failed.append(error)
        if failed:
            raise failed[0]
        if not done:
            return "skipped", "there is no gh that we may log in, nor anybody else for its token"
        return done[0][0], "; ".join(text for _, text in done)

    def _acts(self) -> Iterator[Callable[[Token], tuple[State, str]]]:
        if self._settings.token_file:
            yield self._write_file
        if self._has_gh():
            yield lambda token: keeping.keep(self._settings, self._env, token)
        # The last: it may have to ask GitHub, and gh shall not wait for that.
        if self._settings.identity:
            yield lambda token: identity.keep(self._settings, self._env, token.secret)

    def _write_file(self, token: Token) -> tuple[State, str]:
        path = Path(self._settings.token_file)
        if token.source in VARIABLES:
            # It may be a person's, and those are never stored.
            return "skipped", f"{path} is left alone: the token is the one in {token.source}"
        if folders.is_there(path) and not folders.is_file(path):
            # To put a file in the place of /dev/null would break far more than git and gh.
            raise SettingsError(
                f"{path} is no regular file, and gets no token",
                hint="point GITLEASE_TOKEN_FILE at a file, or unset it",
            )
        folders.write_whole(path, f"{token.secret.reveal()}\n".encode())
        return "done", f"{path} has the token"

    def _has_gh(self) -> bool:
        return self._settings.gh and program.find(self._env) is not None
