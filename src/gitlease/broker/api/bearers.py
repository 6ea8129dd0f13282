"""The routes by which a workspace, or the operator, looks after its bearers."""

from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from gitlease.broker.administering import Administering
from gitlease.broker.api import guards
from gitlease.broker.api.documents import problems
from gitlease.broker.identity import Admin, Door
from gitlease.broker.store import Store
from gitlease.model.wire import iso

Readmit = Annotated[
    bool, QueryParameter(description="let the workspace register again by the secret that it has")
]
EITHER: list[dict[str, list[str]]] = [{"workspace": []}, {"admin": []}]


class Bearer(msgspec.Struct):
    """A bearer as a person may see it."""

    id: Annotated[str, Meta(description="its public name, by which it is revoked")]
    prefix: Annotated[str, Meta(description="how it begins, to tell it from others")]
    created_at: Annotated[str, Meta(description="ISO 8601 in UTC, as all times here")]
    last_used_at: Annotated[str | None, Meta(description="null: never")]
    revoked_at: Annotated[str | None, Meta(description="null: it is live")]


class Bearers(msgspec.Struct):
    """The bearers of one workspace, oldest first."""

    tokens: Annotated[list[Bearer], Meta(description="revoked ones too")]


class NewBearer(msgspec.Struct):
    """A bearer that was just made; nobody can be told it again."""

    id: Annotated[str, Meta(description="its public name, by which it is revoked")]
    auth_token: Annotated[str, Meta(description="the bearer, for the workspace's `.auth_token`")]

    def __repr__(self) -> str:
        return "NewBearer(…)"


def routes(door: Door, store: Store, administering: Administering) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = [guards.admin_or_workspace(door)]

    @get(
        "/workspaces/{workspace_id:str}/tokens",
        summary="List a workspace's bearers",
        guards=guard,
        responses=problems(401, 404),
        security=EITHER,
    )
    async def listed(workspace_id: FromPath[str]) -> Bearers:
        await administering.workspace(workspace_id)
        rows = await store.bearers.list(workspace_id)
        return Bearers(
            [
                Bearer(
                    row.token_id,
                    row.prefix,
                    iso(row.created_at),
                    None if row.last_used_at is None else iso(row.last_used_at),
                    None if row.revoked_at is None else iso(row.revoked_at),
                )
                for row in rows
            ]
        )

    @post(
        "/workspaces/{workspace_id:str}/tokens",
        summary="Make one more bearer",
        guards=guard,
        responses=problems(401, 404),
        security=EITHER,
    )
    async def create(request: Request[Any, Any, Any], workspace_id: FromPath[str]) -> NewBearer:
        who, request_id = _who(request), guards.request_id(request)
        new = await administering.create_bearer(request_id, workspace_id, who)
        return NewBearer(new.token_id, new.plaintext.reveal())

    @delete(
        "/workspaces/{workspace_id:str}/tokens/{token_id:str}",
        summary="Revoke a bearer",
        guards=guard,
        responses=problems(401, 404, 422),
        security=EITHER,
    )
    async def revoke(
        request: Request[Any, Any, Any],
        workspace_id: FromPath[str],
        token_id: FromPath[str],
        readmit: Readmit = False,
    ) -> None:
        who, request_id = _who(request), guards.request_id(request)
        # What a workspace does with its own bearer shuts nobody out.
        shuts = not readmit if isinstance(guards.caller(request), Admin) else None
        await administering.revoke_bearer(request_id, workspace_id, token_id, who, shuts=shuts)

    return [listed, create, revoke]


def _who(request: Request[Any, Any, Any]) -> str:
    return "the operator" if isinstance(guards.caller(request), Admin) else "the workspace"
