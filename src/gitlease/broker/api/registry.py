"""The route by which a workspace gets its first bearer."""

from typing import Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from gitlease.broker.api import guards
from gitlease.broker.api.documents import BODY, problems
from gitlease.broker.naming import read_workspace_id
from gitlease.broker.registering import Registering


class Registration(msgspec.Struct):
    """Who registers; what else older clients send is not looked at."""

    id: str | None = None
    workspace_id: str | None = None


class Registered(msgspec.Struct, omit_defaults=True):
    """`auth_token` is there once: when this registration gave the workspace its first bearer."""

    status: str
    auth_token: str | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        return "Registered(…)"


def routes(registering: Registering) -> list[HTTPRouteHandler]:
    """Return the handlers."""

    @post(
        "/registry/register",
        summary="Register a workspace by an enrolment secret or a live bearer",
        status_code=200,
        responses=problems(401, *BODY),
        security=[{"enrolment": []}, {"workspace": []}, {}],
    )
    async def register(request: Request[Any, Any, Any], data: JSONBody[Registration]) -> Registered:
        workspace_id = read_workspace_id(data.id or data.workspace_id)
        request_id = guards.request_id(request)
        authorization = guards.authorization(request)
        new = await registering.register(request_id, authorization, workspace_id)
        if new is None:
            return Registered("registered")
        return Registered("registered", new.plaintext.reveal())

    return [register]
