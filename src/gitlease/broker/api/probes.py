"""The routes for probes and dashboards."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from gitlease.broker.api import guards
from gitlease.broker.api.documents import problems
from gitlease.broker.errors import NotThereError
from gitlease.broker.identity import Door
from gitlease.broker.metrics import CONTENT_TYPE, Metrics


class Health(msgspec.Struct):
    """It is well."""

    status: Annotated[str, Meta(description="`ok`")] = "ok"


def routes(
    door: Door, ping: Callable[[], Awaitable[None]], metrics: Metrics, readers: str
) -> list[HTTPRouteHandler]:
    """Return the handlers; *readers* is who may read the metrics."""

    @get("/healthz", summary="Is the process alive", responses=problems())
    async def healthz() -> Health:
        return Health()

    @get("/readyz", summary="Can it serve", responses=problems())
    async def readyz() -> Health:
        await ping()
        return Health()

    @get(
        "/metrics",
        summary="Prometheus' text form",
        media_type="text/plain",
        responses=problems(401, 404),
        security=[{}, {"admin": []}],
    )
    async def read(request: Request[Any, Any, Any]) -> Response[str]:
        if readers == "nobody":
            raise NotThereError("the metrics are switched off", hint="set GITLEASE_BROKER_METRICS")
        if readers == "admin":
            door.admin(guards.authorization(request))
        return Response(metrics.text().decode(), media_type=CONTENT_TYPE)

    return [healthz, readyz, read]
