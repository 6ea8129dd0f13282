"""The parts of the service put together: routes, errors, limits, and their description."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from gitlease import __version__
from gitlease.broker import problems
from gitlease.broker.api import bearers, journal, leases, methods, probes, registry, workspaces
from gitlease.broker.api.documents import without_400
from gitlease.broker.api.json_request import JsonRequest
from gitlease.broker.limits import MAX_BODY, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Router

    from gitlease.broker.administering import Administering
    from gitlease.broker.identity import Door
    from gitlease.broker.issuing import Issuing
    from gitlease.broker.metrics import Metrics
    from gitlease.broker.registering import Registering
    from gitlease.broker.rejecting import Rejecting
    from gitlease.broker.settings import Settings
    from gitlease.broker.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a route may need, opened and wired."""

    settings: Settings
    store: Store
    door: Door
    metrics: Metrics
    issuing: Issuing
    rejecting: Rejecting
    registering: Registering
    administering: Administering
    now: Callable[[], float]


def build(parts: Parts) -> Litestar:
    """Return the application made of *parts*."""
    handlers = [
        *leases.routes(parts.door, parts.issuing, parts.rejecting, parts.now),
        *registry.routes(parts.registering),
        *bearers.routes(parts.door, parts.store, parts.administering),
        *workspaces.routes(parts.door, parts.store, parts.administering),
        *journal.routes(parts.door, parts.store),
        *probes.routes(parts.door, parts.store.ping, parts.metrics, parts.settings.metrics),
    ]

    def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[problems.Problem]:
        verdict = problems.judge(error)
        request_id = str(request.state.request_id)
        parts.metrics.problem(verdict.slug)
        if verdict.is_defect:
            # Only the kind and the place: a message or a local may hold a token.
            log.error("defect in request %s: %s", request_id, _place(error))
        elif verdict.status >= 500:
            log.warning("request %s: %s", request_id, verdict.message)
        return problems.reply(verdict, request_id)

    app = Litestar(
        # First: to a path without one the framework adds its own.
        [*methods.routes(handlers), *handlers],
        exception_handlers={Exception: on_error, HTTPException: on_error},
        request_class=JsonRequest,
        request_max_body_size=MAX_BODY,
        openapi_config=_described(),
        logging_config=None,
        debug=False,
    )
    without_400(app.openapi_schema)
    # Around everything, the framework's own refusals too, which a middleware would not see.
    app.asgi_handler = Limits(app.asgi_handler, parts.metrics)
    return app


class _Description(JsonRenderPlugin):
    """Serves the description, and takes the framework's page in HTML for other paths away."""

    def receive_router(self, router: Router) -> None:
        """See `OpenAPIRenderPlugin`."""
        router.routes[:] = [one for one in router.routes if one.path == "/openapi.json"]


def _described() -> OpenAPIConfig:
    schemes = {
        "workspace": "A bearer of the workspace that the path names",
        "admin": "The operator's bearer",
        "enrolment": "An enrolment secret",
    }
    return OpenAPIConfig(
        title="gitlease broker",
        version=__version__,
        description="Gives each workspace just the token it may have.",
        path="/",
        render_plugins=[_Description(path="/openapi.json")],
        components=Components(
            security_schemes={
                name: SecurityScheme(type="http", scheme="bearer", description=what)
                for name, what in schemes.items()
            }
        ),
    )


def _place(error: BaseException) -> str:
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    if where is None:
        return type(error).__name__
    file = where.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{where.tb_lineno}"
