"""
What a workspace says to its broker and how it reads the replies, without input or output.

An older platform knows three routes and two keys of a reply, `token` and `expires_at`; what is
more than that is used where it is there and missed nowhere.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from gitlease.github.protocol import LIFETIME, is_moved
from gitlease.github.times import retry_after, server_time
from gitlease.model.errors import (
    NotInstalledError,
    RateLimitedError,
    RefusedError,
    SourceError,
    UnauthorizedError,
    UnreachableError,
)
from gitlease.model.exchange import Request
from gitlease.model.redaction import printable
from gitlease.model.tokens import Secret
from gitlease.model.wire import read_lease
from gitlease.workspace.sources import BEARER_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.exchange import Response
    from gitlease.model.wire import Lease
    from gitlease.workspace.settings import Settings

# More than any token lives; a broker takes no larger number for one.
_LONGEST: Final = 86_400  # seconds
_ILL: Final = "it is tried again at the next git command; ask the fleet's operator if it stays so"
_UNFORESEEN: Final = "update gitlease here or at the broker"
# Status: what it comes to, and the cure where the reply names none.
_REFUSALS: Final[Mapping[int, tuple[type[SourceError], str]]] = {
    401: (
        UnauthorizedError,
        "put a live bearer there, or run `gitlease register` with an enrolment secret",
    ),
    403: (RefusedError, RefusedError.hint),
    404: (NotInstalledError, "ask the fleet's operator"),
    429: (RateLimitedError, "wait, or ask the fleet's operator for more tokens an hour"),
}


def ask_lease(
    settings: Settings,
    bearer: Secret | None,
    owner: str | None,
    repository: str | None,
    min_ttl: float,
) -> Request:
    """Ask for a token; without a workspace id it is the platform's own that is asked for."""
    path, words = "/admin/github-installation-token", {}
    if settings.workspace_id:
        path = f"/workspaces/{quote(settings.workspace_id, safe='')}/github-installation-token"
        # The platform's own token is that of its default installation, whoever asks.
        words = {name: word for name, word in (("owner", owner), ("repo", repository)) if word}
    words["min_ttl"] = str(min(math.ceil(min_ttl), _LONGEST))
    return _request("GET", f"{settings.broker_url}{path}?{urlencode(words)}", bearer)


def ask_rejected(settings: Settings, bearer: Secret, fingerprint: str) -> Request:
    """Report that GitHub refused the token with *fingerprint*."""
    name = quote(settings.workspace_id, safe="")
    url = f"{settings.broker_url}/workspaces/{name}/rejected-tokens"
    return _request("POST", url, bearer, {"fingerprint": fingerprint})


def ask_bearers(settings: Settings, bearer: Secret | None) -> Request:
    """Ask for the list of this workspace's bearers: the question that has no effect."""
    name = quote(settings.workspace_id, safe="")
    return _request("GET", f"{settings.broker_url}/workspaces/{name}/tokens", bearer)


def ask_registered(settings: Settings, proof: Secret | None) -> Request:
    """Ask to be registered, by an enrolment secret, a bearer, or nothing."""
    # Older platforms differ in which of the two names they read.
    body = {"id": settings.workspace_id, "workspace_id": settings.workspace_id}
    return _request("POST", f"{settings.broker_url}/registry/register", proof, body)


def read_lease_reply(settings: Settings, response: Response, now: float) -> Lease:
    """
    Read the reply to `ask_lease`, whose exchange began at *now* (seconds of the local clock).

    Raises a `SourceError` that names the cause: `RefusedError` where the broker says that the
    scope is more than this workspace may have.
    """
    if response.status != 200:
        raise refusal(settings, response)
    theirs = server_time(response.headers)
    try:
        said = json.loads(response.body)
        return read_lease(
            said, now, lifetime=LIFETIME, skew=0.0 if theirs is None else now - theirs
        )
    except (ValueError, RecursionError):
        raise _strange(settings, response) from None


def read_registered(settings: Settings, response: Response) -> Secret | None:
    """Read the reply to `ask_registered`: the bearer, or None if another one is live."""
    if response.status not in {200, 201}:
        raise refusal(settings, response, by_secret=True)
    try:
        said = json.loads(response.body)
        bearer = said.get("auth_token")
    except (ValueError, RecursionError, AttributeError):
        raise _strange(settings, response) from None
    if bearer is None:
        return None
    if not is_bearer(bearer):
        raise _strange(settings, response)
    return Secret(bearer)


def is_bearer(text: object) -> bool:
    """Tell whether *text* can stand in an `Authorization` header: visible ASCII, no space."""
    return (
        isinstance(text, str)
        and text != ""
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )


def refusal(settings: Settings, response: Response, *, by_secret: bool = False) -> SourceError:
    """
    Return the error that a reply which is no success stands for.

    *by_secret* says that no bearer was shown, but what may earn one.
    """
    said = _words(response.body)
    if said is None and response.status < 500 and response.status not in {401, 429}:
        # Not the broker's own words, so not its verdict: a proxy's page, or another server.
        return _strange(settings, response)
    message, hint = said or (f"it answered {response.status}", "")
    fallback: tuple[type[SourceError], str] = (SourceError, _UNFORESEEN)
    if response.status >= 500:
        fallback = (UnreachableError, _ILL)
    kind, cure = _REFUSALS.get(response.status, fallback)
    text = f"the broker: {message}"
    if response.status == 401 and by_secret:
        text = f"the broker does not register {settings.who}: {message}"
        hint = _secret_cure(settings)
    elif response.status == 401:
        text = f"the broker refuses the bearer of {settings.who}: {message}"
        hint = f"{settings.configs_dir / BEARER_FILE}: {cure}"
        if not settings.workspace_id:
            hint = "set GITLEASE_WORKSPACE_ID: without it, only the admin token is a bearer"
    return kind(
        text,
        hint=hint or cure,
        retry_after=retry_after(response.headers),
    )


def _secret_cure(settings: Settings) -> str:
    where = settings.enrolment_secret_file
    what = f"{where} has to hold one that is" if where else "set GITLEASE_ENROLMENT_SECRET_FILE"
    how = f"gitlease broker enrolment create --workspace {settings.workspace_id}"
    return f"{what}; the fleet's operator makes it by `{how}`"


def _strange(settings: Settings, response: Response) -> SourceError:
    if is_moved(response):
        return UnreachableError(
            f"{settings.broker_url} sends us elsewhere ({response.status}), where no bearer goes",
            hint="set GITLEASE_BROKER_URL to the broker's own address",
        )
    return UnreachableError(
        f"the reply ({response.status}) of {settings.broker_url} is no broker's",
        hint="check GITLEASE_BROKER_URL, and that no proxy answers in its place",
    )


def _words(body: bytes) -> tuple[str, str] | None:
    """Return what a broker or an older platform says, and the cure that it names ("" if none)."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    error, detail = said.get("error"), said.get("detail")
    message = error if isinstance(error, str) and error else detail
    if not isinstance(message, str) or not message:
        return None
    hint = ""
    if isinstance(detail, str) and detail.startswith(f"{message}; "):
        hint = detail.removeprefix(f"{message}; ")
    if said.get("type") == "urn:gitlease:problem:not-found":
        # A broker of ours knows the paths that we ask for, so it was asked for others.
        hint = "correct the path in GITLEASE_BROKER_URL"
    return printable(message, 300), printable(hint, 200)


def _request(
    method: str, url: str, proof: Secret | None, body: dict[str, Any] | None = None
) -> Request:
    headers = {"Accept": "application/json", "User-Agent": "gitlease"}
    if proof is not None:
        headers["Authorization"] = f"Bearer {proof.reveal()}"
    if body is None:
        return Request(method, url, headers)
    headers["Content-Type"] = "application/json"
    return Request(method, url, headers, json.dumps(body).encode())
