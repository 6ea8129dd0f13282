"""The route by which the operator reads the journal."""

import math
from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter

from gitlease.broker.api import guards
from gitlease.broker.api.documents import problems
from gitlease.broker.fingerprints import read_fingerprint
from gitlease.broker.identity import Door
from gitlease.broker.store import Filters, Record, Store
from gitlease.model.errors import RequestError
from gitlease.model.targets import lower

Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
# Beyond this a client that reads JSON numbers as doubles would ask for another one.
Number = Annotated[int, QueryParameter(ge=0, le=(1 << 53) - 1)]
Words = Annotated[str | None, QueryParameter(pattern="^[!-~]*$", max_length=300)]
Seconds = Annotated[float | None, QueryParameter(ge=0, le=1e12)]
Kind = Literal["intent", "lease", "refusal", "rejection", "failed", "admin"]


class JournalRecord(msgspec.Struct):
    """
    One record; `at` and `expires_at` are seconds since 1970.

    A "lease" or "failed" is the end of the "intent" with the number `intent_id`.
    """

    id: int
    at: float
    kind: Kind
    request_id: str
    workspace_id: str | None
    token_id: str | None
    scope: str
    owner: str | None
    fingerprint: str | None
    expires_at: float | None
    source: str
    reason: str
    intent_id: int | None


class Page(msgspec.Struct):
    """Some records; `next` is the `after` of the next page, null at the end."""

    records: list[JournalRecord]
    next: int | None


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
        after: Number = 0,
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
