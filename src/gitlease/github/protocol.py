"""
GitHub's REST API for installation tokens, without input or output.

Requests are built and replies read here, by bytes; whoever has a socket carries them.
Source: GitHub docs, "REST API endpoints for GitHub Apps", API version 2022-11-28.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from gitlease.github import refusals
from gitlease.github.times import server_time, timestamp
from gitlease.model.exchange import Request, Response
from gitlease.model.frozen import Frozen
from gitlease.model.tokens import Secret, Token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.scopes import Scope

API_VERSION: Final = "2022-11-28"
LIFETIME: Final = 3600.0  # seconds that GitHub's installation tokens live


class Installation(Frozen):
    """
    An installation of the App: its number and the login of the account it is on.

    `permissions` are sorted pairs of name and level; `selected` tells that it reaches chosen
    repositories only.
    """

    id: int
    owner: str
    permissions: tuple[tuple[str, str], ...] = ()
    selected: bool = False
    suspended: bool = False


class App(Frozen):
    """Who GitHub says that the holder of the key is."""

    id: int
    slug: str
    client_id: str


def get(url: str, jwt: Secret) -> Request:
    """Ask for *url*, which is GitHub's own (a redirect inside it)."""
    return _request("GET", url, jwt)


def find_installation(api_url: str, jwt: Secret, owner: str, kind: str) -> Request:
    """Ask for the installation on *owner*; *kind* is `orgs` or `users`."""
    return _request("GET", f"{api_url}/{kind}/{quote(owner, safe='')}/installation", jwt)


def get_installation(api_url: str, jwt: Secret, installation_id: int) -> Request:
    """Ask whose installation *installation_id* is."""
    return _request("GET", f"{api_url}/app/installations/{installation_id}", jwt)


def list_installations(api_url: str, jwt: Secret, *, page: int = 1, per_page: int = 2) -> Request:
    """Ask for installations of the App; two are enough to know if there is only one."""
    number = f"&page={page}" if page > 1 else ""
    return _request("GET", f"{api_url}/app/installations?per_page={per_page}{number}", jwt)


def get_app(api_url: str, jwt: Secret) -> Request:
    """Ask who the holder of the key is."""
    return _request("GET", f"{api_url}/app", jwt)


def find_on_repository(api_url: str, jwt: Secret, owner: str, repository: str) -> Request:
    """Ask for the installation that reaches *owner*/*repository*; 301 if it was renamed."""
    name = f"{quote(owner, safe='')}/{quote(repository, safe='')}"
    return _request("GET", f"{api_url}/repos/{name}/installation", jwt)


def revoke(api_url: str, token: Secret) -> Request:
    """Ask GitHub to end *token*, which is its own proof."""
    return _request("DELETE", f"{api_url}/installation/token", token)


def get_rate_limit(api_url: str, token: Secret) -> Request:
    """
    Ask for the limits of *token*, which counts against none of them.

    Source: GitHub's docs, "REST API endpoints for rate limits".
    """
    return _request("GET", f"{api_url}/rate_limit", token)


def mint(
    api_url: str,
    jwt: Secret,
    installation_id: int,
    scope: Scope,
    numbers: Mapping[str, int] | None = None,
) -> Request:
    """
    Ask for an installation token of *scope*.

    A repository that stands in *numbers* is asked for by its number there, because its name has
    changed.  An absent list is left out of the body: GitHub reads an empty one as "all".
    """
    body: dict[str, Any] = {}
    if scope.repositories is not None:
        numbers = numbers or {}
        by_name = [name for name in scope.repositories if name not in numbers]
        by_number = [numbers[name] for name in scope.repositories if name in numbers]
        body |= {"repositories": by_name} if by_name else {}
        body |= {"repository_ids": by_number} if by_number else {}
    if scope.permissions is not None:
        body["permissions"] = dict(scope.permissions)
    url = f"{api_url}/app/installations/{installation_id}/access_tokens"
    return _request("POST", url, jwt, json.dumps(body).encode())


def read_installation(response: Response, *, whose: str) -> Installation:
    """Read the reply to `find_installation` or `get_installation`; *whose* is for messages."""
    found = _read(response, 200, whose=whose)
    try:
        return _installation(found)
    except (KeyError, TypeError):
        raise refusals.strange(response, whose) from None


def read_installations(response: Response, *, whose: str) -> list[Installation]:
    """Read the reply to `list_installations`."""
    found = _read(response, 200, whose=whose)
    try:
        return [_installation(one) for one in found]
    except (KeyError, TypeError):
        raise refusals.strange(response, whose) from None


def _installation(found: Any) -> Installation:
    number, login = found["id"], found["account"]["login"]
    if type(number) is not int or not isinstance(login, str):
        raise TypeError
    granted = found.get("permissions")
    levels = granted.items() if isinstance(granted, dict) else ()
    return Installation(
        number,
        login,
        permissions=tuple(sorted((name, level) for name, level in levels if type(level) is str)),
        selected=found.get("repository_selection") == "selected",
        suspended=found.get("suspended_at") is not None,
    )


def read_app(response: Response, *, whose: str) -> App:
    """Read the reply to `get_app`; the client id is empty on servers that have none."""
    found = _read(response, 200, whose=whose)
    try:
        number, slug = found["id"], found["slug"]
    except (KeyError, TypeError):
        raise refusals.strange(response, whose) from None
    if type(number) is not int or not isinstance(slug, str):
        raise refusals.strange(response, whose)
    return App(number, slug, str(found.get("client_id") or ""))


def read_token(response: Response, now: float, *, whose: str, source: str) -> Token:
    """
    Read the reply to `mint`, received at *now* (seconds on the local clock).

    The expiry is moved to the local clock by the reply's `Date`, and no life is longer than
    GitHub's hour, so that a wrong clock here does not lengthen one.  Raises a `SourceError` that
    names the cause.
    """
    found = _read(response, 201, whose=whose)
    try:
        secret, expires = found["token"], timestamp(found["expires_at"])
    except (KeyError, TypeError, ValueError):
        raise refusals.strange(response, whose) from None
    # One line of visible ASCII, whatever its shape: it goes into git's line protocol.
    if not isinstance(secret, str) or not secret.isascii() or not secret.isprintable():
        raise refusals.strange(response, whose)
    if not secret or " " in secret:
        raise refusals.strange(response, whose)
    theirs = server_time(response.headers)
    life = min(expires - (now if theirs is None else theirs), LIFETIME)
    # What was over long ago is over: no time leaves the calendar.
    life = max(life, -LIFETIME)
    return Token(Secret(secret), now + life, now, lifetime=life, source=source)


def is_moved(response: Response) -> bool:
    """Tell whether the reply sends us elsewhere (a renamed account or repository)."""
    return response.status in {301, 302, 307, 308}


def _request(method: str, url: str, jwt: Secret, body: bytes | None = None) -> Request:
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {jwt.reveal()}",
        "User-Agent": "gitlease",
        "X-GitHub-Api-Version": API_VERSION,
    }
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(method, url, headers, body)


def _read(response: Response, expected: int, *, whose: str) -> Any:
    if response.status != expected:
        raise refusals.judge(response, whose)
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise refusals.strange(response, whose) from None
