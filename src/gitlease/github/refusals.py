"""
What GitHub means by a refusal: status, headers and words in, one of our errors out.

Two causes may share a status (403: suspended, or asked to be patient), so the words count too.
Source: GitHub docs, "Troubleshooting the REST API" and "Rate limits for the REST API".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitlease.github.times import retry_after
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
from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from gitlease.model.exchange import Response


def refusal(response: Response, whose: str) -> SourceError | None:
    """Return the error that a reply of 400 or more stands for, or None."""
    return judge(response, whose) if response.status >= 400 else None


def is_clock_refusal(response: Response) -> bool:
    """Tell whether the App JWT was refused because its times do not fit GitHub's clock."""
    return response.status == 401 and isinstance(judge(response, ""), ClockError)


def strange(response: Response, whose: str) -> SourceError:
    """Return the error that a reply stands for which GitHub would not give."""
    return UnreachableError(
        f"GitHub's reply ({response.status}) for {whose} is not what its documentation says",
        hint="check that GITLEASE_API_URL names GitHub's API and that no proxy alters replies",
    )


def judge(response: Response, whose: str) -> SourceError:
    """Return the error that a reply stands for which is not the one that was expected."""
    said = _message(response.body)
    if said is None and response.status in {401, 403, 404, 422} and not _asks_patience(response):
        # A refusal without a reason is no word of GitHub's: it comes from a proxy on the way.
        return strange(response, whose)
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
