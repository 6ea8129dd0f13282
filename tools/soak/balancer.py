"""One address before several brokers, as a load balancer is: whoever accepts gets the caller."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHUNK = 65536


class Balancer:
    """Leads callers by turns to the *ports* on loopback; to none of them while it is shut."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = list(ports)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The address that the fleet knows."""
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        """Accept callers, always at the same port."""
        self._server = await asyncio.start_server(self._lead, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Accept nobody, and cut those who are being served."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await self._connected()
            if there is not None:
                await self._pass(reader, writer, *there)
        finally:
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        self._ports.append(self._ports.pop(0))
        for port in list(self._ports):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        both = {writer, there}
        self._writers |= both
        try:
            await asyncio.gather(_pump(reader, there), _pump(back, writer))
        finally:
            self._writers -= both
            there.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
    # Whoever has no more to say may still listen; a broker that died says nothing any more.
    with contextlib.suppress(OSError):
        sink.write_eof()
