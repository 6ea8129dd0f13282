"""
GitHub's REST API for installation tokens, without input or output.

Requests are built and replies read here, by bytes; whoever has a socket carries them.
Source: GitHub docs, "REST API endpoints for GitHub Apps", API version 2022-11-28.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
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
    from datetime import datetime

    from gitlease.model.scopes import Scope

API_VERSION: Final = "2022-11-28"
LIFETIME: Final = 3600.0  # seconds that GitHub's installation tokens live


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of the App: its number and the login of the account it is on."""

    id: int
    owner: str


def get(url: str, jwt: Secret) -> Request:
    """Ask for *url*, which is GitHub's own (a redirect inside it)."""
    return _request("GET", url, jwt)


def find_installation(api_url: str, jwt: Secret, owner: str, kind: str) -> Request:
    """Ask for the installation on *owner*; *kind* is `orgs` or `users`."""
    return _request("GET", f"{api_url}/{kind}/{quote(owner, safe='')}/installation", jwt)


def get_installation(api_url: str, jwt: Secret, installation_id: int) -> Request:
    """Ask whose installation *installation_id* is."""
    return _request("GET", f"{api_url}/app/installations/{installation_id}", jwt)


def list_installations(api_url: str, jwt: Secret) -> Request:
    """Ask for the first installations of the App; two are enough to know if there is one."""
    return _request("GET", f"{api_url}/app/installations?per_page=2", jwt)


def mint(api_url: str, jwt: Secret, installation_id: int, scope: Scope) -> Request:
    """
    Ask for an installation token of *scope*.

    An absent list is left out of the body: GitHub reads an empty one as "all".
    """
    body: dict[str, Any] = {}
    if scope.repositories is not None:
        body["repositories"] = list(scope.repositories)
    if scope.permissions is not None:
        body["permissions"] = dict(scope.permissions)
    url = f"{api_url}/app/installations/{installation_id}/access_tokens"
    return _request("POST", url, jwt, json.dumps(body).encode())


def read_installation(response: Response, *, whose: str) -> Installation:
    """Read the reply to `find_installation` or `get_installation`; *whose* is for messages."""
    found = _read(response, 200, whose=whose)
    try:
        return Installation(int(found["id"]), str(found["account"]["login"]))
    except (KeyError, TypeError, ValueError):
        raise _strange(response, whose) from None


def read_installations(response: Response, *, whose: str) -> list[Installation]:
    """Read the reply to `list_installations`."""
    found = _read(response, 200, whose=whose)
    try:
        return [Installation(int(one["id"]), str(one["account"]["login"])) for one in found]
    except (KeyError, TypeError, ValueError):
        raise _strange(response, whose) from None


def read_token(response: Response, now: float, *, whose: str, source: str) -> Token:
    """
    Read the reply to `mint`, received at *now* (seconds on the local clock).

    The expiry is moved to the local clock by the reply's `Date`, so that a wrong clock here does
    not lengthen a life.  Raises a `SourceError` that names the cause.
    """
    found = _read(response, 201, whose=whose)
    try:
        secret, expires = found["token"], timestamp(found["expires_at"])
    except (KeyError, TypeError, ValueError):
        raise _strange(response, whose) from None
    if not isinstance(secret, str) or not secret.isprintable() or not secret.isascii():
        raise _strange(response, whose)
    theirs = server_time(response.headers)
    life = expires - (now if theirs is None else theirs)
    return Token(Secret(secret), now + life, now, lifetime=min(life, LIFETIME), source=source)


def server_time(headers: Any) -> float | None:
    """Return the reply's `Date` in seconds since 1970, or None if it has none that can be read."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


def timestamp(text: str) -> float:
    """Return the seconds since 1970 of an ISO 8601 time; one without a zone is UTC."""
    from datetime import UTC, datetime  # noqa: PLC0415 - 3 ms that a cache hit does not need

    moment: datetime = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def is_moved(response: Response) -> bool:
    """Tell whether the reply sends us elsewhere (a renamed account or repository)."""
    return response.status in {301, 302, 307, 308}


def is_clock_refusal(response: Response) -> bool:
    """Tell whether the App JWT was refused because its times do not fit GitHub's clock."""
    return response.status == 401 and isinstance(_error(response, ""), ClockError)


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
    except ValueError:
        raise _strange(response, whose) from None


def _strange(response: Response, whose: str) -> SourceError:
    return UnreachableError(
        f"GitHub's reply ({response.status}) for {whose} is not what its documentation says",
        hint="check that GITLEASE_API_URL names GitHub's API and that no proxy alters replies",
    )


def retry_after(headers: Any) -> float | None:
    """Return the seconds of `Retry-After`, or None; a date there counts as none."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None


def _error(response: Response, whose: str) -> SourceError:  # noqa: PLR0911 - one row per status
    said = _message(response.body)
    text = f"GitHub answered {response.status} for {whose}: {said}"
    wait = retry_after(response.headers)
    match response.status:
        case 401 if "claim ('exp')" in said or "claim ('iat')" in said:
            return ClockError(text)
        case 401:
            return UnauthorizedError(text)
        case 403 if "suspended" in said.lower():
            return SuspendedError(text)
        case 403 | 429 if (
            wait is not None
            or "rate limit" in said.lower()
            or response.headers.get("x-ratelimit-remaining") == "0"
        ):
            return RateLimitedError(text, retry_after=wait or 60.0)
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


def _message(body: bytes) -> str:
    try:
        said = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        said = "(no message)"
    return printable(str(said), 160)
