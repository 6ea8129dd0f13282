"""
Commits in the App's name: its bot's name and its noreply address, in a file that git includes.

Source: GitHub docs, "Setting your commit email address": `ID+LOGIN@users.noreply.github.com`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gitlease.model.errors import UnreachableError
from gitlease.workspace import files, folders
from gitlease.workspace.gh import bot
from gitlease.workspace.install import wiring
from gitlease.workspace.install.gitblock import quoted
from gitlease.workspace.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.tokens import Secret
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


def keep(settings: Settings, env: Mapping[str, str], token: Secret) -> tuple[State, str]:
    """
    Find out whose *token* is and write it down; return how that went.

    GitHub is asked once a day.  Raises a `GitleaseError` where nobody tells, or `OSError`.
    """
    path = wiring.identity_file(settings)
    folders.check_ours(path.parent)
    carrier = Transport(env, ca_file=settings.ca_file, allow_http=settings.allow_http)
    found = bot.find(settings, token, carrier)
    if found.id is None:
        raise UnreachableError(
            f"{settings.host} does not tell who the App is, so commits keep your own name",
            hint="run `gitlease refresh` once it can be reached",
        )
    email = f"{found.id}+{found.login}@users.noreply.{settings.host}"
    text = f"[user]\n\tname = {quoted(found.login)}\n\temail = {quoted(email)}\n".encode()
    said = f"{found.login} <{email}>"
    with contextlib.suppress(OSError):
        if files.read_regular(path) == text:
            return "already", said
    folders.write_whole(path, text, mode=wiring.mode(settings))
    return "done", said
