"""The routes by which the operator says which workspaces there are and what each may ask for."""

from typing import Annotated, Any, Self

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from gitlease.broker.administering import Administering
from gitlease.broker.api import guards
from gitlease.broker.api.documents import BODY, problems
from gitlease.broker.identity import Door
from gitlease.broker.naming import read_workspace_id
from gitlease.broker.store import Store, WorkspaceRow
from gitlease.model.grants import Grant
from gitlease.model.wire import iso

ADMIN: list[dict[str, list[str]]] = [{"admin": []}]
MOST_GRANTS = 1000
After = Annotated[
    str, QueryParameter(pattern="^[!-~]*$", max_length=128, description="the ids beyond it")
]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="workspaces on a page")]

Shared = Annotated[
    bool, QueryParameter(description="also revoke the tokens that other workspaces hold too")
]


class GrantBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a workspace may ask for."""

    owner: Annotated[str, Meta(description="whose repositories")]
    repositories: Annotated[str | list[str], Meta(description="`ALL`, or a list of names")]
    permissions: Annotated[
        dict[str, str] | None, Meta(description="name and level; null: what the App has")
    ] = None
    max_per_hour: Annotated[
        int | None, Meta(description="leases in an hour of the clock; null: any number")
    ] = None

    def read(self) -> Grant:
        """Return the grant; raise `RequestError` if it has no meaning."""
        return Grant.from_json(msgspec.to_builtins(self))


class NewWorkspace(msgspec.Struct, forbid_unknown_fields=True):
    """A workspace to create; without grants it may ask for nothing."""

    id: Annotated[str, Meta(description="its name, of letters, digits, `.`, `_` and `-`")]
    grants: Annotated[
        list[GrantBody], Meta(max_length=MOST_GRANTS, description="what it may ask for")
    ] = []


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What to change: all grants of a workspace at once."""

    grants: Annotated[
        list[GrantBody], Meta(max_length=MOST_GRANTS, description="in place of all that it has")
    ]


class Workspace(msgspec.Struct):
    """A workspace and what it may ask for."""

    id: Annotated[str, Meta(description="its name")]
    grants: Annotated[list[dict[str, Any]], Meta(description="each as a `GrantBody`")]
    created_at: Annotated[str, Meta(description="ISO 8601 in UTC")]

    @classmethod
    def of(cls, row: WorkspaceRow) -> Self:
        """Show a row of the store."""
        return cls(row.id, [grant.as_json() for grant in row.grants], iso(row.created_at))


class Workspaces(msgspec.Struct):
    """Some workspaces, in the order of their ids."""

    workspaces: Annotated[list[Workspace], Meta(description="the page")]
    next: Annotated[str | None, Meta(description="the `after` of the next page; null at the end")]


class Removed(msgspec.Struct):
    """What went with a workspace."""

    bearers: Annotated[int, Meta(description="how many were revoked here")]
    tokens: Annotated[int, Meta(description="how many were revoked at GitHub")]


def routes(door: Door, store: Store, administering: Administering) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = [guards.admin_only(door)]
    return [*_reading(guard, store, administering), *_changing(guard, administering)]


def _reading(
    guard: list[guards.Guard], store: Store, administering: Administering
) -> list[HTTPRouteHandler]:
    @get(
        "/admin/workspaces",
        summary="List workspaces",
        guards=guard,
        responses=problems(401, 422),
        security=ADMIN,
    )
    async def listed(after: After = "", limit: Limit = 100) -> Workspaces:
        rows = await store.workspaces.list(after=after, limit=limit)
        is_last = len(rows) < limit
        return Workspaces([Workspace.of(row) for row in rows], None if is_last else rows[-1].id)

    @get(
        "/admin/workspaces/{workspace_id:str}",
        summary="Show a workspace",
        guards=guard,
        responses=problems(401, 404),
        security=ADMIN,
    )
    async def show(workspace_id: FromPath[str]) -> Workspace:
        return Workspace.of(await administering.workspace(workspace_id))

    return [listed, show]


def _changing(guard: list[guards.Guard], administering: Administering) -> list[HTTPRouteHandler]:
    @post(
        "/admin/workspaces",
        summary="Create a workspace",
        guards=guard,
        responses=problems(401, 409, *BODY),
        security=ADMIN,
    )
    async def create(request: Request[Any, Any, Any], data: JSONBody[NewWorkspace]) -> Workspace:
        workspace_id = read_workspace_id(data.id)
        grants = [one.read() for one in data.grants]
        request_id = guards.request_id(request)
        return Workspace.of(await administering.create(request_id, workspace_id, grants))

    @patch(
        "/admin/workspaces/{workspace_id:str}",
        summary="Replace a workspace's grants",
        guards=guard,
        responses=problems(401, 404, *BODY),
        security=ADMIN,
    )
    async def change(
        request: Request[Any, Any, Any], workspace_id: FromPath[str], data: JSONBody[Change]
    ) -> Workspace:
        grants = [one.read() for one in data.grants]
        request_id = guards.request_id(request)
        return Workspace.of(await administering.set_grants(request_id, workspace_id, grants))

    @delete(
        "/admin/workspaces/{workspace_id:str}",
        summary="Remove a workspace",
        status_code=200,
        guards=guard,
        responses=problems(401, 404, 422),
        security=ADMIN,
    )
    async def remove(
        request: Request[Any, Any, Any], workspace_id: FromPath[str], also_shared: Shared = False
    ) -> Removed:
        request_id = guards.request_id(request)
        return Removed(
            *await administering.remove(request_id, workspace_id, also_shared=also_shared)
        )

    return [create, change, remove]
