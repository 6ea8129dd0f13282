"""Placeholder."""

from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse, Response

from .api_call import Call


async def query(call: Call) -> Response:
    """`POST /graphql`."""
    holder = call.holder()
    return JSONResponse({"data": {"viewer": {"login": holder.installation.app.bot_login}}})


ROUTES: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [("POST", "/graphql", query)]
