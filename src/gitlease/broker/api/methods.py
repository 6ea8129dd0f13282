"""
What each path says of the methods that it knows (RFC 9110, OPTIONS and Allow).

The framework answers OPTIONS too, but names only the first method that was registered.
"""

from collections import defaultdict
from collections.abc import Sequence

from litestar import Response
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler


def routes(handlers: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return a handler of OPTIONS for each path of *handlers*."""
    methods: defaultdict[str, set[str]] = defaultdict(lambda: {"OPTIONS"})
    for handler in handlers:
        for path in handler.paths:
            methods[path] |= {str(method) for method in handler.http_methods}
    return [_options(path, ", ".join(sorted(known))) for path, known in methods.items()]


def _options(path: str, allow: str) -> HTTPRouteHandler:
    @HTTPRouteHandler(
        path, http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False
    )
    async def options() -> Response[None]:
        return Response(None, headers={"Allow": allow})

    return options
