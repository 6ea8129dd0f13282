"""
Serve an ASGI application on a loopback port, inside a loop that somebody else runs.

uvicorn's protocol does HTTP; its `Server` is left out, because it wants signals and the whole
loop, and waits for clients when it should stop.
"""

import asyncio
import socket
import ssl
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

STEPS = 20  # turns of the loop until a TLS connection that is aborted is reported as lost
KEEP_ALIVE = 75  # seconds, so that a client that reuses its connection may


class Listener:
    """One port."""

    def __init__(self, port: int = 0) -> None:
        self.state = ServerState()
        self.socket = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port; it is bound from the start, so nobody else can take it."""
        return cast("int", self.socket.getsockname()[1])

    def __enter__(self) -> Self:
        """Hold the port."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the port go, whether it was ever served or not."""
        self.socket.close()

    async def start(self, app: ASGIApp, context: ssl.SSLContext | None = None) -> None:
        """Serve *app*, over TLS if there is a *context*."""
        config = uvicorn.Config(
            cast("Any", app),
            http=H11Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        config.load()
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: H11Protocol(config=config, server_state=self.state, app_state={}),
            sock=self.socket,
            ssl=context,
        )

    def cut(self, scope: Scope, at_once: bool) -> None:
        """End the connection that carries *scope*; *at_once* drops what is not sent yet."""
        for connection in list(self.state.connections):
            if isinstance(connection, H11Protocol) and connection.client == scope["client"]:
                transport = connection.transport
                transport.abort() if at_once else transport.close()

    async def stop(self) -> None:
        """End every connection and every request, and free the port."""
        if self.server is not None:
            self.server.close()
        for connection in list(self.state.connections):
            connection.transport.abort()
        # A request first hears that its client is gone, and may end in peace; what does not
        # listen is ended.
        for _ in range(STEPS):
            await asyncio.sleep(0)
        tasks = list(self.state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.server is not None:
            await self.server.wait_closed()
        self.socket.close()
