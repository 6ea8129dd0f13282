"""The routes by which tokens are had, and by which a refused one is reported."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from gitlease.broker.api import guards
from gitlease.broker.api.documents import BODY, problems
from gitlease.broker.api.plain import Plain
from gitlease.broker.deadline import in_time
from gitlease.broker.identity import Caller, Door
from gitlease.broker.issuing import Ask, Issuing
from gitlease.broker.rejecting import Rejecting
from gitlease.model.wire import Lease

Number = Annotated[str | None, QueryParameter(description="seconds that the token must outlive")]
Name = Annotated[str | None, QueryParameter(description="as on GitHub, in any case")]


class LeaseReply(msgspec.Struct):
    """A token; null means all repositories, or all permissions that the installation has."""

    token: Annotated[str, Meta(description="the installation token")]
    expires_at: Annotated[str | None, Meta(description="when it ends, ISO 8601 in UTC")]
    expires_in: Annotated[int | None, Meta(description="seconds that are left of it")]
    lifetime: Annotated[int | None, Meta(description="seconds of its whole life")]
    username: Annotated[str, Meta(description="the user for git over https")]
    owner: Annotated[str | None, Meta(description="whose repositories it reaches")]
    repositories: Annotated[list[str] | None, Meta(description="which of them; null: all")]
    permissions: Annotated[
        dict[str, str] | None, Meta(description="what it may do there; null: what the App may")
    ]
    app: Annotated[str, Meta(description="the id of the App that it is of")]

    def __repr__(self) -> str:
        return "LeaseReply(…)"


class Rejection(msgspec.Struct):
    """A token that git was refused with, by its fingerprint."""

    fingerprint: Annotated[
        str, Meta(pattern="^[A-Za-z0-9+/]{43}=$", description="base64 of the token's SHA-256")
    ]


class Dropped(msgspec.Struct):
    """Whether the token was still being handed out."""

    dropped: Annotated[bool, Meta(description="whether it was held until now")]


def routes(
    door: Door, issuing: Issuing, rejecting: Rejecting, now: Callable[[], float]
) -> list[HTTPRouteHandler]:
    """Return the handlers; *now* is the wall clock."""

    @Plain(
        "/workspaces/{workspace_id:str}/github-installation-token",
        http_method="GET",
        summary="A token of the scope that the workspace is granted",
        responses=problems(401, 403, 404, 422, 429, 502),
        security=[{"workspace": []}],
    )
    async def lease(
        request: Request[Any, Any, Any],
        workspace_id: FromPath[str],
        owner: Name = None,
        repo: Name = None,
        min_ttl: Number = None,
    ) -> LeaseReply:
        ask = _ask(request, owner, repo, min_ttl)
        return _reply(await in_time(issuing.for_workspace(workspace_id, ask)))

    @Plain(
        "/admin/github-installation-token",
        http_method="GET",
        summary="A token of the default installation",
        responses=problems(401, 403, 404, 422, 502),
        security=[{"admin": []}],
    )
    async def admin_lease(request: Request[Any, Any, Any], min_ttl: Number = None) -> LeaseReply:
        ask = _ask(request, None, None, min_ttl)
        return _reply(await in_time(issuing.for_admin(ask)))

    @post(
        "/workspaces/{workspace_id:str}/rejected-tokens",
        summary="Report a token that GitHub refused",
        status_code=200,
        guards=[guards.workspace_only(door)],
        responses=problems(401, *BODY),
        security=[{"workspace": []}],
    )
    async def reject(
        request: Request[Any, Any, Any], workspace_id: FromPath[str], data: JSONBody[Rejection]
    ) -> Dropped:
        del workspace_id  # the guard has compared it
        caller = guards.caller(request)
        assert isinstance(caller, Caller)  # noqa: S101 - the guard lets in nobody else
        request_id = guards.request_id(request)
        return Dropped(await rejecting.reject(request_id, caller, data.fingerprint))

    def _reply(lease: Lease) -> LeaseReply:
        return LeaseReply(**lease.as_json(now()))

    return [lease, admin_lease, reject]


def _ask(
    request: Request[Any, Any, Any], owner: str | None, repo: str | None, min_ttl: str | None
) -> Ask:
    names = []
    if request.scope["query_string"]:
        names = [name for name, _ in request.query_params.multi_items()]
    return Ask(
        guards.request_id(request),
        guards.authorization(request),
        owner,
        repo,
        min_ttl,
        is_ambiguous=len(names) != len(set(names)),
    )
