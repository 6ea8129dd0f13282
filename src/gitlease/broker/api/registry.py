"""The route by which a workspace gets its first bearer."""

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta

from gitlease.broker.api import guards
from gitlease.broker.api.documents import BODY, problems
from gitlease.broker.naming import read_workspace_id
from gitlease.broker.registering import Registering


class Registration(msgspec.Struct):
    """Who registers; what else older clients send is not looked at."""

    id: Annotated[str | None, Meta(description="the workspace's id")] = None
    workspace_id: Annotated[str | None, Meta(description="the same, from older clients")] = None


class Registered(msgspec.Struct, omit_defaults=True):
    """The workspace is registered."""

    status: Annotated[str, Meta(description="`registered`")]
    auth_token: Annotated[
        str | msgspec.UnsetType,
        Meta(description="the first bearer, if this registration made it; never said again"),
    ] = msgspec.UNSET

    def __repr__(self) -> str:
        return "Registered(…)"


def routes(registering: Registering) -> list[HTTPRouteHandler]:
    """Return the handlers."""

    @post(
        "/registry/register",
        summary="Register a workspace by an enrolment secret or a live bearer",
        status_code=200,
        responses=problems(401, *BODY, 429),
        security=[{"enrolment": []}, {"workspace": []}, {}],
    )
    async def register(request: Request[Any, Any, Any], data: JSONBody[Registration]) -> Registered:
        workspace_id = read_workspace_id(data.id or data.workspace_id)
        request_id = guards.request_id(request)
        authorization = guards.authorization(request)
        address = request.client.host if request.client else ""
        new = await registering.register(request_id, authorization, workspace_id, address)
        if new is None:
            return Registered("registered")
        return Registered("registered", new.plaintext.reveal())

    return [register]
