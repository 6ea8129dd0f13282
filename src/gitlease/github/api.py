"""
One GitHub API and the way to it: time limits, tries, and a breaker that all its users share.

Every reply is read whole and bounded here, so nobody above meets a socket.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx2

from gitlease.github.breaker import Breaker
from gitlease.github.refusals import refusal
from gitlease.model.errors import SettingsError, UnreachableError
from gitlease.model.exchange import Request, Response
from gitlease.model.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

# A workspace waits ten seconds for its broker, which needs some of them for itself.
LIMIT: Final = 6.0  # seconds for one exchange with all its tries
TRY_LIMIT: Final = 3.0  # seconds; GitHub answers a mint in half a second
TRIES: Final = 3
FIRST_PAUSE: Final = 0.2  # seconds
# A mint that names 500 repositories describes each of them in some 6 kB.
MAX_BODY: Final = 1 << 23  # bytes
CONNECTIONS: Final = 32


def open_http(
    *, ca_file: Path | None = None, proxy: str | None = None, trust_env: bool = True
) -> httpx2.AsyncClient:
    """
    Return a client that trusts the system's CAs and those in *ca_file* (PEM).

    It goes through *proxy*, or with *trust_env* through what the usual variables name.  Raises
    `SettingsError` if the file cannot be used.
    """
    context = ssl.create_default_context()
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except OSError as error:
        raise SettingsError(
            f"the CA file {ca_file} cannot be used: {error.strerror or 'no certificate'}",
            hint="name a PEM file with the CA's certificate",
        ) from None
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return httpx2.AsyncClient(
        verify=context, proxy=proxy, trust_env=trust_env, limits=limits, follow_redirects=False
    )


class Api:
    """
    The API at *url* (`https://api.github.com`, `https://host/api/v3`), asked by *http*.

    Raises `SettingsError` for a URL that is none.
    """

    def __init__(
        self,
        url: str,
        http: httpx2.AsyncClient,
        *,
        limit: float = LIMIT,
        try_limit: float = TRY_LIMIT,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise SettingsError("the URL of GitHub's API is no http(s) URL without a user")
        self._origin = (parts.scheme, parts.netloc)
        self._host = printable(parts.hostname)
        self._http = http
        self._limit = limit
        self._try_limit = try_limit
        self._monotonic = monotonic
        self._sleep = sleep
        self.breaker = Breaker(f"GitHub's API at {self._host}", monotonic=monotonic)

    def is_own(self, url: str) -> bool:
        """Tell whether *url* leads to this API: only there may a proof of ours go."""
        parts = urlsplit(url)
        return (parts.scheme, parts.netloc) == self._origin

    async def exchange(self, request: Request) -> Response:
        """
        Send *request* and return the reply, whatever its status below 500.

        A failed connection, a late or cut reply and a 5xx are tried again; that is safe for a
        mint too, for the token of a lost reply is known to nobody.  Raises `UnreachableError`,
        within the limit.
        """
        ends = self._monotonic() + self._limit
        for number in range(1, TRIES + 1):
            try:
                with self.breaker.attempt():
                    return await self._once(request, min(self._try_limit, self._left(ends)))
            except UnreachableError as failed:
                failure = failed
            pause = FIRST_PAUSE * 3 ** (number - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - spreads a herd
            pause = max(pause, failure.retry_after or 0.0)
            if number == TRIES or self.breaker.is_open or self._left(ends) <= pause:
                break
            await self._sleep(pause)
        raise failure

    def _left(self, ends: float) -> float:
        return ends - self._monotonic()

    async def _once(self, request: Request, limit: float) -> Response:
        problem = ""
        try:
            async with asyncio.timeout(limit):
                response = await self._send(request)
        except TimeoutError:
            problem = f"gave no whole answer within {limit:.1f} s"
        except httpx2.TimeoutException:
            problem = "did not answer in time"
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            # Its text may name a proxy with a password, its request holds our proof: only the
            # kind travels, and it is raised outside so that no traceback leads back to it.
            problem = f"cannot be reached ({_kind(error)})"
        if problem:
            raise UnreachableError(f"GitHub's API at {self._host} {problem}", retry_after=None)
        if response.status >= 500:
            ill = refusal(response, self._host)
            assert isinstance(ill, UnreachableError)  # noqa: S101 - what 5xx stand for
            raise ill
        return response

    async def _send(self, request: Request) -> Response:
        # Our own limit stands around the whole; httpx2's are per read and would let a body trickle.
        async with self._http.stream(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body,
            timeout=None,
        ) as reply:
            body = bytearray()
            async for piece in reply.aiter_bytes():
                body += piece
                if len(body) > MAX_BODY:
                    raise httpx2.DecodingError("too long")
            headers = {name.lower(): value for name, value in reply.headers.items()}
            return Response(reply.status_code, headers, bytes(body))


def _kind(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not trusted"
        cause = cause.__cause__ or cause.__context__
    names: dict[type[Exception], str] = {
        httpx2.ConnectError: "no connection",
        httpx2.ProxyError: "the proxy refused",
        httpx2.RemoteProtocolError: "the connection was cut",
        httpx2.ReadError: "the connection was cut",
        httpx2.DecodingError: "the reply cannot be read",
    }
    return names.get(type(error), type(error).__name__)
