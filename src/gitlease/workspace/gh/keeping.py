"""Keep gh logged in as the App, with a token that somebody has just fetched or renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.workspace.gh import bot
from gitlease.workspace.gh.login import log_in
from gitlease.workspace.sources import VARIABLES
from gitlease.workspace.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.tokens import Token
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


def keep(
    settings: Settings, env: Mapping[str, str], token: Token, *, verify: bool = False
) -> tuple[State, str]:
    """
    Log gh in to our host with *token* in the name of its bot; *verify* and errors as for `log_in`.

    GitHub is asked for the bot's name once a day, unless the setting `app_slug` tells it.
    """
    if token.source in VARIABLES:
        # It may be a person's, and gh will find it where we did.
        return "skipped", f"gh has the token in {token.source}, as we do"
    carrier = Transport(env, ca_file=settings.ca_file, allow_http=settings.allow_http)
    return log_in(settings, env, token, bot.login(settings, token.secret, carrier), verify=verify)
