"""
Wire the REST and GraphQL routes that git, gh and Apps use into one application.

Every endpoint is a function of one Call; here, in one place, a Refusal becomes a reply and the
headers that each reply owes are added.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import graphql, rest_apps, rest_repositories, rest_root
from .api_call import Call
from .limits import Limits
from .refusals import NO_AUTHENTICATION, Refusal, not_found
from .world import World

Endpoint = Callable[[Call], Awaitable[Response]]

API_VERSION = "2022-11-28"
NO_USER_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent "
    "header (https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api"
    "#user-agent). Check https://docs.github.com for other possible causes."
)


def create_api(world: World) -> Starlette:
    """Return the application that answers for api.github.com in *world*."""
    limits = Limits(world)
    table = [*rest_root.ROUTES, *rest_apps.ROUTES, *rest_repositories.ROUTES, *graphql.ROUTES]
    routes = [
        Route(path, _endpoint(world, limits, function), methods=[method])
        for method, path, function in table
    ]
    missing = {404: _unknown_route, 405: _unknown_route}
    # A trailing slash is another, unknown address on GitHub: no redirect.
    application = Starlette(routes=routes, exception_handlers=missing)
    application.router.redirect_slashes = False
    return application


def _endpoint(
    world: World, limits: Limits, function: Endpoint
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if not request.headers.get("user-agent"):
            return PlainTextResponse(NO_USER_AGENT, 403)
        call = Call(world, limits, request)
        try:
            response = await function(call)
        except Refusal as refusal:
            call.headers |= refusal.headers
            response = JSONResponse(refusal.body(), refusal.status)
            if refusal.message == NO_AUTHENTICATION:
                call.headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
        response.headers.update(call.headers)
        response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        response.headers["X-GitHub-Api-Version-Selected"] = API_VERSION
        if response.headers.get("content-type") == "application/json":
            response.headers["content-type"] = "application/json; charset=utf-8"
        return response

    return answer


async def _unknown_route(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """GitHub says 404 to a wrong method too."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = {"X-Emulator-Unknown-Route": "method" if status == 405 else "path"}
    return JSONResponse(not_found().body(), 404, headers=headers)
