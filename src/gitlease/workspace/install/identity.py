"""
The step by which commits are the App's: its bot's name and its noreply address.

Source: GitHub docs, "Setting your commit email address": `ID+LOGIN@users.noreply.github.com`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.errors import OwnerNeededError, UnreachableError
from gitlease.workspace import files, folders, notes
from gitlease.workspace.install.gitblock import quoted
from gitlease.workspace.install.wiring import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.gh.bot import Bot
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


class Identity:
    """The file that our git config includes for it."""

    name = "identity"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self._path = settings.home / IDENTITY

    def describe(self) -> str:
        """Say what would be done."""
        return f"ask {self._settings.host} who the App is, and let git commit in its name"

    def do(self) -> tuple[State, str]:
        """Find out who the App is and write it; raise a `GitleaseError` where nobody tells."""
        folders.check_ours(self._path.parent)
        try:
            bot = self._find()
        except OwnerNeededError as error:
            notes.forget_failure(self._settings, self._settings.host)
            return "skipped", f"{error.message}; set GITLEASE_GH_OWNER to any of them"
        email = f"{bot.id}+{bot.login}@users.noreply.{self._settings.host}"
        text = f"[user]\n\tname = {quoted(bot.login)}\n\temail = {quoted(email)}\n".encode()
        if files.read_ours(self._settings.home, self._path, 4096) == text:
            return "already", f"{bot.login} <{email}>"
        folders.write_ours(self._settings.home, self._path, text)
        return "done", f"{bot.login} <{email}>"

    def _find(self) -> Bot:
        # It imports what only this step needs.
        from gitlease.workspace.fetching import renewal_for  # noqa: PLC0415
        from gitlease.workspace.gh import bot  # noqa: PLC0415
        from gitlease.workspace.gh.target import target  # noqa: PLC0415
        from gitlease.workspace.transport import Transport  # noqa: PLC0415

        mine = self._settings
        token = renewal_for(mine, self._env).get(target(mine)).token
        carrier = Transport(self._env, ca_file=mine.ca_file, allow_http=mine.allow_http)
        found = bot.find(mine, token.secret, carrier)
        if found.id is None:
            raise UnreachableError(
                f"{mine.host} does not tell who the App is, so commits keep your own name",
                hint="run `gitlease install` again once it can be reached",
            )
        return found

    def undo(self) -> tuple[State, str]:
        """Remove the file."""
        folders.check_owner(self._settings.home)
        if not self._path.exists():
            return "already", f"{self._path} is not there"
        self._path.unlink()
        return "done", f"{self._path} is removed"
