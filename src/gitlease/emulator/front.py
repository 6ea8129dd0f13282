"""
Stand before the world's two hosts: name the request, strike it with a fault, count it.

What is true of every reply of GitHub's (Date, request id) is added here.
"""

import asyncio
import json
import traceback
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import access, credentials, routes
from .clock import http_date
from .faults import Fault, Faults
from .git_http import CHALLENGE
from .refusals import BAD_CREDENTIALS, DOCS, NOT_FOUND, SECONDARY_LIMIT, secondary_limit
from .request_id import request_id
from .routes import Asked
from .stats import Stats
from .world import World

# Ends a connection under a request: called with the request's scope; True to lose what is queued.
Cut = Callable[[Scope, bool], None]

KEPT_BODY = 1 << 16  # bytes of a JSON request that are remembered for tests
API_TEXTS = {401: BAD_CREDENTIALS, 403: "Forbidden", 404: NOT_FOUND, 502: "Server Error"}
GIT_TEXTS = {401: access.BAD_TOKEN, 403: access.NOT_GRANTED, 404: access.NOT_FOUND}


class Front:
    """The ASGI application that the listener serves."""

    def __init__(
        self, world: World, *, api: ASGIApp, git: ASGIApp, faults: Faults, stats: Stats, cut: Cut
    ) -> None:
        self.world = world
        self.hosts = {routes.API: api, routes.GIT: git}
        self.faults = faults
        self.stats = stats
        self.cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        headers = Headers(scope=scope)
        query = scope["query_string"].decode("latin-1")
        asked = routes.name(scope["method"], headers.get("host", ""), scope["path"], query)
        scope["path"] = asked.path
        exchange = Exchange(self, asked, scope, receive, send)
        self._count(asked)
        try:
            await exchange.answer(self.faults.strike(asked))
        except asyncio.CancelledError:
            # The emulator stops; nobody is left to hear of it.
            pass
        except Exception as error:  # noqa: BLE001 - a bug in the fake must be seen as one
            self.stats.errors.append(_located(error))
            if exchange.status is None:
                await exchange.reply(JSONResponse({"message": "Server Error"}, 500))
        finally:
            self.stats.running -= 1
            exchange.remember()

    def _count(self, asked: Asked) -> None:
        stats = self.stats
        stats.running += 1
        stats.running_max = max(stats.running_max, stats.running)
        stats.by_route[asked.route] += 1
        if asked.host == routes.API:
            stats.api_calls += 1
        else:
            stats.git_requests += 1


class Exchange:
    """One request on its way to its reply."""

    def __init__(
        self, front: Front, asked: Asked, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.front = front
        self.asked = asked
        self.scope = scope
        self.real_receive = receive
        self.real_send = send
        self.status: int | None = None
        self.cut_in_body = False
        self.body = bytearray()

    async def answer(self, fault: Fault | None) -> None:
        """Let the world answer, or *fault*."""
        host = self.front.hosts[self.asked.host]
        if fault is None:
            await host(self.scope, self.receive, self.send)
            return
        self.front.stats.faults += 1
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.revoke:
            shown = credentials.read(Headers(scope=self.scope).get("authorization"))
            self.front.world.tokens.revoke(shown.secret if shown else "")
        if fault.hang:
            await self._gone()
        elif fault.drop == "connect":
            self.front.cut(self.scope, True)
            await self._gone()
        else:
            self.cut_in_body = fault.drop == "mid-body"
            if fault.answers:
                await self.reply(_scripted(fault, self.asked))
            else:
                await host(self.scope, self.receive, self.send)

    async def reply(self, response: Response) -> None:
        """Send *response*."""
        await response(self.scope, self.receive, self.send)

    async def receive(self) -> Message:
        """Hand the request on; a JSON body is remembered."""
        message = await self.real_receive()
        if self.asked.host == routes.API and len(self.body) < KEPT_BODY:
            self.body += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        """Hand the reply on with what every reply carries, cut short if a fault says so."""
        if message["type"] == "http.response.start":
            self._started(message)
        elif self.cut_in_body and message.get("body"):
            half = message["body"][: max(1, len(message["body"]) // 2)]
            await self.real_send({**message, "body": half, "more_body": True})
            self.front.cut(self.scope, False)
            await self._gone()
            raise asyncio.CancelledError
        await self.real_send(message)

    def _started(self, message: Message) -> None:
        status = self.status = message["status"]
        stats, world = self.front.stats, self.front.world
        stats.by_status[str(status)] += 1
        if status == 201 and "mint" in self.asked.kinds:
            stats.mints += 1
        headers = MutableHeaders(raw=list(message.get("headers", [])))
        headers["Date"] = http_date(world.clock.now() + world.settings.date_skew)
        headers["X-GitHub-Request-Id"] = request_id()
        headers["Server"] = "github.com"
        message["headers"] = headers.raw

    async def _gone(self) -> None:
        """Wait until the client has gone."""
        while (await self.real_receive())["type"] != "http.disconnect":
            pass

    def remember(self) -> None:
        """Note the request for whoever asks what was sent; never what it authenticated with."""
        headers = dict(Headers(scope=self.scope))
        headers.pop("authorization", None)
        try:
            body: Any = json.loads(self.body) if self.body else None
        except ValueError:
            body = None
        self.front.stats.requests.append(
            {
                "method": self.asked.method,
                "host": self.asked.host,
                "path": self.asked.path,
                "query": self.asked.query,
                "headers": headers,
                "json": body,
                "status": self.status,
            }
        )


def _scripted(fault: Fault, asked: Asked) -> Response:
    """Return the reply that *fault* asks for; what it leaves open is what GitHub would say."""
    limit = secondary_limit(fault.retry_after or 60, fault.status or 403)
    status = limit.status if fault.secondary else fault.status or 500
    headers = {**fault.headers}
    if fault.retry_after is not None:
        headers.setdefault("Retry-After", str(fault.retry_after))
    body = fault.body
    if asked.host == routes.GIT:
        if status == 401:
            headers = {**CHALLENGE, **headers}
        text = SECONDARY_LIMIT if fault.secondary else GIT_TEXTS.get(status, f"error {status}")
        body = f"{text}\n" if body is None else body
    elif body is None:
        if fault.secondary:
            body, headers = limit.body(), {**limit.headers, **headers}
        else:
            text = SECONDARY_LIMIT if status == 429 else API_TEXTS.get(status, "Server Error")
            body = {"message": text, "documentation_url": DOCS, "status": str(status)}
    if isinstance(body, str):
        return PlainTextResponse(body, status, headers)
    return JSONResponse(body, status, headers)


def _located(error: Exception) -> str:
    """Name *error* by type and place; its text might quote a request."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
