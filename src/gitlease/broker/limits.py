"""
What every request goes through, whatever it asks for: an id, a time limit for its body, a count.

How many headers and connections there may be is the server's to say (`server.py`), how long a
body may be is the framework's (`MAX_BODY`).
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from typing import TYPE_CHECKING, Final

from gitlease.broker.errors import SlowClientError
from gitlease.model.errors import RequestError
from gitlease.model.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp, Message, Receive, Scope, Send
    from litestar.types.asgi_types import ReceiveMessage

    from gitlease.broker.metrics import Metrics

MAX_BODY: Final = 64 * 1024  # bytes
BODY_LIMIT: Final = 10.0  # seconds for the whole of it
HEADER: Final = b"x-request-id"
# A caller's own id is taken over if it can do no harm in a log.
_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# An id is shown to everybody: two must differ, and none need be hard to guess.  Each process has
# its seed from the system; to ask that for every id takes as long as to look up a caller.
_CHANCE: Final = random.Random()  # noqa: S311 - no secret
# A reply may hold a token or a bearer; nobody between us and the caller keeps it.
_ALWAYS: Final = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class Limits:
    """Stands around *app*; *limit* is the time for a body, in seconds."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        *,
        limit: float = BODY_LIMIT,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._limit = limit
        self._monotonic = monotonic
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if str(scope["type"]) != "http":
            await self._app(scope, receive, send)
            return
        began = self._monotonic()
        request_id = _given_id(scope) or _new_id(self._now())
        scope["state"]["request_id"] = request_id
        whole = False

        async def receive_in_time() -> ReceiveMessage:
            nonlocal whole
            if whole:  # from here on it waits for the caller to go away
                return await receive()
            left = began + self._limit - self._monotonic()
            try:
                async with asyncio.timeout(max(left, 0)):
                    message = await receive()
            except TimeoutError:
                raise SlowClientError("the body did not arrive in time") from None
            if message["type"] != "http.request":
                # The framework would take it for a defect of ours.
                raise RequestError("the body broke off", hint="send the whole body")
            whole = not message.get("more_body")
            return message

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (HEADER, request_id.encode()), *_ALWAYS]
                message["headers"] = headers
                self._metrics.answered(message["status"], self._monotonic() - began)
            await send(message)

        await self._app(scope, receive_in_time, send_with_id)


def _new_id(now: float) -> str:
    """Return an id that sorts by time: the journal's index of them then grows at its end."""
    return f"{int(now * 1000):012x}{_CHANCE.getrandbits(32):08x}"


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == HEADER:
            given = value.decode("latin-1")
            # A confused client's bearer has that form too, and would stay in the journal.
            return given if _ID.fullmatch(value) and redact(given) == given else None
    return None
