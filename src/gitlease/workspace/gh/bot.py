"""
Who the App is on GitHub: its bot, under whose name gh is logged in and commits are made.

GitHub is asked once a day; where it cannot be asked, a name that gh accepts does as well.
Source: GitHub docs, GraphQL `viewer`, which for an installation token is `<app>[bot]`.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.model.exchange import Request
from gitlease.model.redaction import printable
from gitlease.workspace import files, folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitlease.model.tokens import Secret
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources import Carrier

# For gh any name will do that is not empty and not `x-access-token`.
FALLBACK: Final = "gitlease[bot]"
LIMIT: Final = 5.0  # seconds
_DAY: Final = 86_400.0  # seconds
_QUERY: Final = json.dumps({"query": "{ viewer { login databaseId } }"}).encode()


@dataclass(frozen=True, slots=True)
class Bot:
    """The App's bot: its login, and its number, None where GitHub could not be asked."""

    login: str
    id: int | None


def find(
    settings: Settings, token: Secret, carrier: Carrier, now: Callable[[], float] = time.time
) -> Bot:
    """
    Return the bot whose installation token *token* is; never fails.

    The setting `app_slug` decides on the login, and GitHub, asked through *carrier* within
    `LIMIT`, on the rest.  *now* gives the wall time in seconds.
    """
    found = _remembered(settings, now())
    if found is None:
        with contextlib.suppress(GitleaseError):
            found = _ask(settings, token, carrier)
            _remember(settings, found, now())
    named = f"{settings.app_slug}[bot]" if settings.app_slug else ""
    return Bot(named or (found.login if found else FALLBACK), found.id if found else None)


def login(
    settings: Settings, token: Secret, carrier: Carrier, now: Callable[[], float] = time.time
) -> str:
    """Return the bot's login alone, for which GitHub need not be asked if `app_slug` is set."""
    if settings.app_slug:
        return f"{settings.app_slug}[bot]"
    return find(settings, token, carrier, now).login


def _ask(settings: Settings, token: Secret, carrier: Carrier) -> Bot:
    request = Request(
        "POST",
        graphql_url(settings.api_url),
        {
            "Accept": "application/json",
            "Authorization": f"Bearer {token.reveal()}",
            "Content-Type": "application/json",
            "User-Agent": "gitlease",
        },
        _QUERY,
    )
    response = carrier.exchange(request, carrier.deadline(LIMIT))
    try:
        viewer = json.loads(response.body)["data"]["viewer"]
        return _checked(viewer["login"], viewer["databaseId"])
    except (ValueError, RecursionError, LookupError, TypeError):
        raise GitleaseError(
            f"{printable(request.url)} does not say who the App is ({response.status})"
        ) from None


def graphql_url(api_url: str) -> str:
    """Return where GraphQL is, for GitHub and for a server of one's own (`/api/v3`)."""
    return f"{api_url.removesuffix('/v3')}/graphql"


def _checked(login_: object, id_: object) -> Bot:
    # A person's own token has a person's name: none for an App's login.
    if not isinstance(login_, str) or not login_.endswith("[bot]") or not login_.isprintable():
        raise ValueError
    if not isinstance(id_, int) or isinstance(id_, bool):
        raise ValueError  # noqa: TRY004 - all that is wrong with a reply is one kind
    return Bot(login_, id_)


def _file(settings: Settings) -> Path:
    # By the digest: another App is another bot.
    return settings.home / "run" / f"bot~{settings.digest}"


def _remembered(settings: Settings, now: float) -> Bot | None:
    try:
        noted = json.loads(files.read_ours(settings.home, _file(settings), 1024) or b"")
        fresh = 0 <= now - float(noted["at"]) < _DAY
        return _checked(noted["login"], noted["id"]) if fresh else None
    except (ValueError, RecursionError, LookupError, TypeError):
        return None


def _remember(settings: Settings, bot: Bot, now: float) -> None:
    with contextlib.suppress(OSError, GitleaseError):
        folders.make_private(settings.home)
        folders.make_private(_file(settings).parent)
        text = json.dumps({"login": bot.login, "id": bot.id, "at": now})
        folders.write_ours(settings.home, _file(settings), text.encode())
