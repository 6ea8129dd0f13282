"""
Every error as a reply (RFC 9457, `application/problem+json`), in this one place.

A row of the table fixes an error's `type`, title and status for ever; what is in no row is a
defect, and its reply says nothing but the request's id.  GitHub's refusals of *our* proof must
not look like a refusal of the caller's: they are the broker's trouble, hence 502 and 503.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from msgspec import Meta

from gitlease.broker import errors as own
from gitlease.broker.store import errors as store
from gitlease.model import errors as model
from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE: Final = "application/problem+json"
_URN: Final = "urn:gitlease:problem:"

# Error: (type, title, status); the first row that fits, so the particular before the general.
TABLE: Final[Mapping[type[Exception], tuple[str, str, int]]] = {
    own.BearerError: ("unauthenticated", "Bearer missing or not valid", 401),
    own.EnrolmentError: ("not-enrolled", "Enrolment secret missing or not valid", 401),
    own.OutsideGrantsError: ("outside-grants", "Outside this workspace's grants", 403),
    own.QuotaError: ("quota", "This hour's quota is used up", 429),
    own.CrowdError: ("crowd", "Too many enrolment secrets at once", 429),
    own.NoAppError: ("no-app", "No App is configured", 404),
    own.NotThereError: ("not-found", "Not found", 404),
    own.LateError: ("late", "The broker gave no answer in time", 503),
    own.SlowClientError: ("slow-client", "The body did not arrive in time", 408),
    store.UnknownWorkspaceError: ("unknown-workspace", "No such workspace", 404),
    store.WorkspaceExistsError: ("workspace-exists", "The workspace exists already", 409),
    store.StoreUnavailableError: ("store-unavailable", "The database is away", 503),
    store.StoreError: ("store", "The database refused", 503),
    model.RequestError: ("bad-request", "A parameter has no valid form", 422),
    model.SuspendedError: ("installation-suspended", "The installation is suspended", 403),
    model.RefusedError: ("refused-by-github", "The App itself may not have this", 403),
    model.NotInstalledError: ("not-installed", "The App is not installed there", 404),
    model.RateLimitedError: ("github-limit", "GitHub asks for patience", 503),
    model.ClockError: ("clock", "The broker's clock is wrong", 502),
    model.UnauthorizedError: ("app-refused", "GitHub refused the App's proof", 502),
    model.KeyFileError: ("app-key", "The App's key cannot be used", 502),
    model.UnreachableError: ("github-unreachable", "GitHub gave no whole answer", 503),
    model.SourceError: ("github", "GitHub's answer is of no use", 502),
}
# What the framework refuses by itself: its status to ours, and a sentence of our own, because its
# details quote what the caller sent.
_FRAMEWORK: Final[Mapping[int, tuple[str, str, int, str]]] = {
    400: ("bad-request", "A parameter has no valid form", 422, "the request has no valid form"),
    404: ("not-found", "Not found", 404, "there is nothing at this path"),
    405: ("method", "Method not allowed", 405, "this path does not know that method"),
    413: ("too-large", "The body is too large", 413, "a body may have 64 KiB at most"),
    415: ("media-type", "Not JSON", 415, "a body is JSON"),
}
_RETRY: Final = 5.0  # seconds; where a fault passes by itself and nobody said when


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The body of every error, as RFC 9457 has it."""

    type: Annotated[str, Meta(description="`urn:gitlease:problem:` and a word that never changes")]
    title: Annotated[str, Meta(description="what that word means")]
    status: Annotated[int, Meta(description="the HTTP status")]
    detail: Annotated[str, Meta(description="what happened, and the cure")]
    error: Annotated[str, Meta(description="what happened, for clients that know only this key")]
    request_id: Annotated[str, Meta(description="the reply's `X-Request-Id`")]
    missing: Annotated[
        dict[str, Any] | None, Meta(description="with `outside-grants`: what a grant would need")
    ] = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error comes to: a problem without its request id, and the headers beside it."""

    slug: str
    title: str
    status: int
    message: str
    hint: str = "see /openapi.json"
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: dict[str, Any] | None = None

    @property
    def is_defect(self) -> bool:
        """Tell whether nobody foresaw this."""
        return self.status == 500


def judge(error: Exception) -> Verdict:
    """Return what *error* comes to; anything unforeseen is a defect that shows nothing."""
    for kind, (slug, title, status) in TABLE.items():
        if isinstance(error, kind) and isinstance(error, model.GitleaseError):
            return Verdict(
                slug,
                title,
                status,
                printable(error.message, 600),
                printable(error.hint, 300),
                _headers(error, status),
                getattr(error, "missing", None),
            )
    if isinstance(error, HTTPException) and error.status_code in _FRAMEWORK:
        slug, title, status, message = _FRAMEWORK[error.status_code]
        # The framework writes the name in small letters, others may not.
        allow = {k.title(): v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
        return Verdict(slug, title, status, message, headers=allow)
    return Verdict(
        "defect",
        "The broker has a defect",
        500,
        "something happened that nobody foresaw",
        "look for the request id in the broker's log, and report it",
    )


def reply(verdict: Verdict, request_id: str) -> Response[Problem]:
    """Return the reply to the request *request_id* that *verdict* comes to."""
    return Response(
        Problem(
            type=f"{_URN}{verdict.slug}",
            title=verdict.title,
            status=verdict.status,
            detail=f"{verdict.message}; {verdict.hint}" if verdict.hint else verdict.message,
            error=verdict.message,
            request_id=request_id,
            missing=verdict.missing,
        ),
        status_code=verdict.status,
        headers=dict(verdict.headers),
        media_type=MEDIA_TYPE,
    )


def _headers(error: model.GitleaseError, status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="gitlease"'}
    wait = getattr(error, "retry_after", None)
    if wait is None and status in {502, 503}:
        wait = _RETRY
    # Whole seconds, and never none: `Retry-After: 0` invites a storm.
    return {} if wait is None else {"Retry-After": str(max(1, math.ceil(wait)))}
