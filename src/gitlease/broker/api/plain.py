"""
Routes of the form that every lease has: plain text in, a value as JSON out, status 200.

The framework binds and checks each parameter by its type, and its reply looks for cookies,
background work and headers of ours.  A lease has words that are judged by us, in our order, and
nothing beside its body: both together would be a fifth of its time.  The description is the
framework's, of the same function.
"""

from typing import Any, Final

import msgspec
from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, AsyncAnyCallable, Receive, Scope, Send

_ENCODER: Final = msgspec.json.Encoder()


class Plain(HTTPRouteHandler):
    """
    Marks a handler that is given the request and, as text, what its path and its query say.

    It returns a value to be sent as it is; all else is the framework's.
    """

    def resolve_before_request(self) -> AsyncAnyCallable:
        """See `HTTPRouteHandler`; what is returned here is the answer, and nothing is bound."""
        return self._answer

    async def _answer(self, request: Request[Any, Any, Any]) -> Any:
        words = request.scope["path_params"]
        if request.scope["query_string"]:
            names = self.parsed_fn_signature.parameters.keys() - {"request"}
            asked = request.query_params.multi_items()
            # What the path says stands last: no query takes its place.
            words = {**{name: word for name, word in asked if name in names}, **words}
        return await self.fn(request, **words)

    async def to_response(
        self, app: Litestar, data: Any, request: Request[Any, Any, Any]
    ) -> ASGIApp:
        """See `HTTPRouteHandler`; return what sends *data*."""
        del app, request
        body = _ENCODER.encode(data)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]

        async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answer
