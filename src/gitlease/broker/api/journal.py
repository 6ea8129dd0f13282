"""The route by which the operator reads the journal."""

import math
from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta

from gitlease.broker.api import guards
from gitlease.broker.api.documents import problems
from gitlease.broker.fingerprints import read_fingerprint
from gitlease.broker.identity import Door
from gitlease.broker.store import Filters, Record, Store
from gitlease.model.errors import RequestError
from gitlease.model.targets import lower

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="records on a page")]
# Beyond this a client that reads JSON numbers as doubles would ask for another one.
After = Annotated[
    int, QueryParameter(ge=0, le=(1 << 53) - 1, description="the records beyond that number")
]
Words = Annotated[str | None, QueryParameter(pattern="^[!-~]*$", max_length=300)]
Seconds = Annotated[float | None, QueryParameter(ge=0, le=1e12)]
Kind = Literal["intent", "lease", "refusal", "rejection", "failed", "admin"]


class JournalRecord(msgspec.Struct):
    """One record."""

    id: Annotated[int, Meta(description="its number; a later record has a higher one")]
    at: Annotated[float, Meta(description="when, in seconds since 1970")]
    kind: Annotated[Kind, Meta(description="what happened")]
    request_id: Annotated[
        str, Meta(description="the reply's `X-Request-Id`; `command line` for a command")
    ]
    workspace_id: Annotated[str | None, Meta(description="who asked; null: the operator")]
    token_id: Annotated[
        str | None, Meta(description="the bearer that was shown; the bearer or secret changed")
    ]
    scope: Annotated[
        str,
        Meta(description="owner, repositories, permissions, with bars between; `*`: all, or any"),
    ]
    owner: Annotated[str | None, Meta(description="whose repositories; null: not said")]
    fingerprint: Annotated[
        str | None, Meta(description="base64 of the token's SHA-256: GitHub's `hashed_token`")
    ]
    expires_at: Annotated[
        float | None, Meta(description="when the token ends, in seconds since 1970")
    ]
    source: Annotated[str, Meta(description="where a lease's token was: `memory`, `store`, `mint`")]
    reason: Annotated[str, Meta(description="why not, or what was changed and by whom")]
    intent_id: Annotated[
        int | None, Meta(description="the number of the `intent` that this is the end of")
    ]


class Page(msgspec.Struct):
    """Some records."""

    records: Annotated[list[JournalRecord], Meta(description="the page")]
    next: Annotated[int | None, Meta(description="the `after` of the next page; null at the end")]


def routes(door: Door, store: Store) -> list[HTTPRouteHandler]:
    """Return the handlers."""

    @get(
        "/admin/journal",
        summary="Read the journal",
        guards=[guards.admin_only(door)],
        responses=problems(401, 422),
        security=[{"admin": []}],
    )
    async def page(  # noqa: PLR0917 - the parameters of a query have names
        after: After = 0,
        limit: Limit = 100,
        newest_first: FromQuery[bool] = False,
        kind: FromQuery[Kind | None] = None,
        workspace_id: Words = None,
        owner: Words = None,
        fingerprint: Words = None,
        request_id: Words = None,
        since: Seconds = None,
        until: Seconds = None,
    ) -> Page:
        for moment in (since, until):
            if moment is not None and not math.isfinite(moment):
                raise RequestError("a time is no number", hint="it takes seconds since 1970")
        filters = Filters(
            kind=kind,
            workspace_id=workspace_id,
            owner=None if owner is None else lower(owner),
            fingerprint=None if fingerprint is None else read_fingerprint(fingerprint),
            request_id=request_id,
            since=since,
            until=until,
        )
        rows = await store.journal.page(after, limit, filters, newest_first=newest_first)
        return Page([_shown(row) for row in rows], rows[-1].id if len(rows) == limit else None)

    return [page]


def _shown(row: Record) -> JournalRecord:
    return JournalRecord(**row.as_json())
