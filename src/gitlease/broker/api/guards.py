"""The doors of the routes: they run before the body or a parameter is looked at."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.handlers.base import BaseRouteHandler

from gitlease.broker.deadline import in_time
from gitlease.broker.identity import Admin, Caller, Door

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


def admin_only(door: Door) -> Guard:
    """Return a guard that lets the operator in, and nobody else."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        connection.state.caller = door.admin(authorization(connection))

    return guard


def admin_or_workspace(door: Door) -> Guard:
    """Return a guard that lets in the operator, and the workspace that the path names."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        workspace_id = str(connection.path_params["workspace_id"])
        connection.state.caller = await in_time(
            door.either(authorization(connection), workspace_id)
        )

    return guard


def workspace_only(door: Door) -> Guard:
    """Return a guard that lets the workspace in that the path names."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        workspace_id = str(connection.path_params["workspace_id"])
        connection.state.caller = await in_time(
            door.workspace(authorization(connection), workspace_id)
        )

    return guard


def authorization(connection: Connection) -> Sequence[str]:
    """Return every `Authorization` header of a request."""
    # The framework's own headers and state are views that cost more than what they show, and every
    # lease comes by here.
    headers = connection.scope["headers"]
    return [value.decode("latin-1") for name, value in headers if name == b"authorization"]


def request_id(request: Request[Any, Any, Any]) -> str:
    """Return the id that the request was given at the front."""
    return str(request.scope["state"]["request_id"])


def caller(request: Request[Any, Any, Any]) -> Caller | Admin:
    """Return whom the guard let in."""
    found: Caller | Admin = request.state.caller
    return found
