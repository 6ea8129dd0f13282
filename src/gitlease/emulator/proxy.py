"""
Lead GitHub's own names, or an enterprise's, to the emulator, and nothing anywhere else.

An HTTP CONNECT proxy (RFC 9110, 9.3.6): clients keep the real addresses, so they match hosts as
they would in earnest, and a test can reach no other machine through it.
"""

import asyncio
import contextlib
import socket
from typing import Self, cast

from .backend import CHUNK
from .stats import Stats

MAX_HEAD = 1 << 14  # bytes of the client's request
HEAD_TIME = 30  # seconds that a client may take for it


class Proxy:
    """The proxy's port; it leads to *host* and its API."""

    def __init__(self, target_port: int, stats: Stats, host: str) -> None:
        self.target_port = target_port
        self.led = (f"{host}:443", f"api.{host}:443")
        self.stats = stats
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.server: asyncio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port."""
        return cast("int", self.socket.getsockname()[1])

    def __enter__(self) -> Self:
        """Hold the port."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the port go, whether it was ever served or not."""
        self.socket.close()

    async def start(self) -> None:
        """Serve."""
        self.server = await asyncio.start_server(self._accept, sock=self.socket, limit=MAX_HEAD)

    async def stop(self) -> None:
        """End every tunnel and free the port."""
        if self.server is not None:
            self.server.close()
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.server is not None:
            await self.server.wait_closed()
        self.socket.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self.tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            # Only stop() cancels, and it waits for us.
            pass
        finally:
            writer.transport.abort()
            self.tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_TIME):
            head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0].lower()
        if method != "CONNECT" or target not in self.led:
            self.stats.refused_hosts[target[:200]] += 1
            text = f"The emulator's proxy leads to {' and '.join(self.led)} only.\n".encode()
            writer.write(
                b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(text), text)
            )
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        self.stats.tunnels += 1
        near = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, near[1]))
                group.create_task(_pump(near[0], writer))
        except* OSError:
            pass
        finally:
            near[1].transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes until there are no more, then say so on the other side."""
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
