"""
Run `git http-backend` as CGI for one request, and stream both ways.

Nothing is collected: a chunk is read when the last one was taken, so a large pack needs as much
memory as a small one.  gzip and chunked bodies are handed on as they are; the backend knows them
(git-http-backend(1)).
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .bare import environment

CHUNK = 1 << 16  # bytes


class Backend(Response):
    """The reply of `git http-backend` to *request* on the repository at *path*."""

    def __init__(
        self, request: Request, *, home: Path, path: Path, service_path: str, remote_user: str
    ) -> None:
        super().__init__()
        self.request = request
        headers = request.headers
        self.environment = {
            **environment(home),
            "GIT_PROJECT_ROOT": str(path),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": service_path,
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.url.query,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            **({"REMOTE_USER": remote_user} if remote_user else {}),
            **_handed_on(headers),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer the request (ASGI)."""
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=CHUNK,
            # Its children (upload-pack, pack-objects) are ended with it, as one group.
            start_new_session=True,
        )
        feeding = asyncio.create_task(self._feed(process))
        try:
            await self._answer(process, send)
            await process.wait()
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeding
            await _end(process)
        # The last word comes when the backend is gone: who has the whole reply may count on it.
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        """Hand the request's body to the backend; end the backend when the client goes away."""
        assert process.stdin is not None  # noqa: S101 - PIPE was asked for
        stdin = process.stdin
        try:
            async for chunk in self.request.stream():
                # What the backend no longer reads is still taken from the client, who may not
                # read the reply before everything is sent.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    stdin.write(chunk)
                    await stdin.drain()
            stdin.close()
            while (await self.request.receive())["type"] != "http.disconnect":
                pass
        except ClientDisconnect:
            pass
        _kill(process)

    async def _answer(self, process: asyncio.subprocess.Process, send: Send) -> None:
        """Send all of the backend's reply but its end."""
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        try:
            head = await process.stdout.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = b"Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\n\r\n"
        status, headers = _parsed(head)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while chunk := await process.stdout.read(CHUNK):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


def _handed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the CGI variables that depend on headers that may be absent."""
    names = {
        "content-length": "CONTENT_LENGTH",
        "content-encoding": "HTTP_CONTENT_ENCODING",
        "git-protocol": "GIT_PROTOCOL",
        "user-agent": "HTTP_USER_AGENT",
    }
    return {variable: headers[name] for name, variable in names.items() if name in headers}


def _parsed(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Return status and headers of a CGI reply (RFC 3875, 6.3)."""
    status, headers = 200, []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        elif colon:
            headers.append((name.lower(), value.strip()))
    return status, headers


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing of *process*: neither its group nor a pipe that was not read to its end."""
    assert process.stdin is not None  # noqa: S101 - PIPE was asked for
    assert process.stdout is not None  # noqa: S101
    _kill(process)
    process.stdin.close()
    while await process.stdout.read(CHUNK):
        pass
    await process.wait()
