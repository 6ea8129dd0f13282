"""
GitHub's REST API for installation tokens, without input or output.

Requests are built and replies read here, by bytes; whoever has a socket carries them.
Source: GitHub docs, "REST API endpoints for GitHub Apps", API version 2022-11-28.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from gitlease.model.errors import (
    ClockError,
    NotInstalledError,
    RateLimitedError,
    RefusedError,
    SourceError,
    SuspendedError,
    UnauthorizedError,
    UnreachableError,
)
from gitlease.model.exchange import Request, Response
from gitlease.model.redaction import printable
from gitlease.model.tokens import Secret, Token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.scopes import Scope

API_VERSION: Final = "2022-11-28"
LIFETIME: Final = 3600.0  # seconds that GitHub's installation tokens live


@dataclass(frozen=True, slots=True)
class Installation:
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


@dataclass(frozen=True, slots=True)
class App:
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
        raise _strange(response, whose) from None


def read_installations(response: Response, *, whose: str) -> list[Installation]:
    """Read the reply to `list_installations`."""
    found = _read(response, 200, whose=whose)
    try:
        return [_installation(one) for one in found]
    except (KeyError, TypeError):
        raise _strange(response, whose) from None


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
        raise _strange(response, whose) from None
    if type(number) is not int or not isinstance(slug, str):
        raise _strange(response, whose)
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
        raise _strange(response, whose) from None
    # One line of visible ASCII, whatever its shape: it goes into git's line protocol.
    if not isinstance(secret, str) or not secret.isascii() or not secret.isprintable():
        raise _strange(response, whose)
    if not secret or " " in secret:
        raise _strange(response, whose)
    theirs = server_time(response.headers)
    life = min(expires - (now if theirs is None else theirs), LIFETIME)
    return Token(Secret(secret), now + life, now, lifetime=life, source=source)


def server_time(headers: Mapping[str, str]) -> float | None:
    """Return the reply's `Date` in seconds since 1970, or None if it has none that can be read."""
    try:
        return _in_seconds(parsedate_to_datetime(headers["date"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def timestamp(text: str) -> float:
    """Return the seconds since 1970 of an ISO 8601 time; one without a zone is UTC."""
    return _in_seconds(datetime.fromisoformat(text))


def _in_seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def is_moved(response: Response) -> bool:
    """Tell whether the reply sends us elsewhere (a renamed account or repository)."""
    return response.status in {301, 302, 307, 308}


def is_clock_refusal(response: Response) -> bool:
    """Tell whether the App JWT was refused because its times do not fit GitHub's clock."""
    return response.status == 401 and isinstance(_error(response, ""), ClockError)


def refusal(response: Response, whose: str) -> SourceError | None:
    """Return the error that a reply of 400 or more stands for, or None."""
    return _error(response, whose) if response.status >= 400 else None


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
        raise _error(response, whose)
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise _strange(response, whose) from None


def _strange(response: Response, whose: str) -> SourceError:
    return UnreachableError(
        f"GitHub's reply ({response.status}) for {whose} is not what its documentation says",
        hint="check that GITLEASE_API_URL names GitHub's API and that no proxy alters replies",
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `Retry-After`, or None; a date there counts as none."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None


def _error(response: Response, whose: str) -> SourceError:
    said = _message(response.body)
    if said is None and response.status in {401, 403, 404, 422} and not _asks_patience(response):
        # A refusal without a reason is no word of GitHub's: it comes from a proxy on the way.
        return _strange(response, whose)
    return _by_status(response, whose, said or "(no message)")


def _by_status(response: Response, whose: str, said: str) -> SourceError:  # noqa: PLR0911 - rows
    text = f"GitHub answered {response.status} for {whose}: {said}"
    wait = retry_after(response.headers)
    match response.status:
        case 401 if "claim ('exp')" in said or "claim ('iat')" in said:
            return ClockError(text)
        case 401:
            return UnauthorizedError(text)
        case 403 if "suspended" in said.lower():
            return SuspendedError(text)
        case 403 if "rate limit" in said.lower() or _asks_patience(response):
            return RateLimitedError(text, retry_after=60.0 if wait is None else wait)
        case 429:
            return RateLimitedError(text, retry_after=60.0 if wait is None else wait)
        case 404 if "integration" in said.lower():
            return UnauthorizedError(text)
        case 404:
            return NotInstalledError(text)
        case 403 | 422:
            return RefusedError(
                text, hint="grant the App that repository and permission, or ask for less"
            )
        case status if status >= 500:
            return UnreachableError(text, hint="see githubstatus.com", retry_after=wait)
        case _:
            return SourceError(text, hint="check GITLEASE_API_URL")


def _asks_patience(response: Response) -> bool:
    headers = response.headers
    return retry_after(headers) is not None or headers.get("x-ratelimit-remaining") == "0"


def _message(body: bytes) -> str | None:
    """Return GitHub's words, fit for a terminal, or None if *body* is not GitHub's."""
    try:
        said = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return printable(said, 160) if isinstance(said, str) and said else None
