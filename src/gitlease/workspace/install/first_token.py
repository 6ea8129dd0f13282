"""The step that fetches the first token, so that what is wrong is known at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.errors import OwnerNeededError
from gitlease.workspace import notes
from gitlease.workspace.gh.target import target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class FirstToken:
    """A token for the host, in the cache."""

    name = "token"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env

    def describe(self) -> str:
        """Say what would be done."""
        return f"fetch a token for {self._settings.host}"

    def do(self) -> tuple[State, str]:
        """Fetch one, unless one lives; raise a `GitleaseError` that names the cause."""
        from gitlease.workspace.fetching import renewal_for  # noqa: PLC0415 - not for a dry run

        try:
            outcome = renewal_for(self._settings, self._env).get(target(self._settings))
        except OwnerNeededError as error:
            # Nothing is wrong, so a probe shall not hear of it.
            notes.forget_failure(self._settings, target(self._settings).names[0])
            return "skipped", f"{error.message}; git names it when it asks"
        said = f"{outcome.token.fingerprint} from {outcome.token.source or 'the cache'}"
        if outcome.warning:
            return "failed", outcome.warning
        return ("done" if outcome.fetched else "already"), said
