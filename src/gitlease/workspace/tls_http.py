"""
One exchange over TLS, through a proxy if there is one.

`http.client` speaks it; what it raises is told as a `NoReplyError`, as of a plain exchange.
"""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Any

from gitlease.model.errors import SettingsError
from gitlease.model.exchange import Request, Response
from gitlease.workspace.plain_http import NoReplyError
from gitlease.workspace.proxies import proxy_for, read_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class TlsHttp:
    """Speaks HTTP over TLS, with proxies and CA as *env* and *ca_file* say."""

    def __init__(self, env: Mapping[str, str], ca_file: str) -> None:
        self._env = env
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None

    def exchange(
        self, host: str, port: int, request: Request, left: Callable[[], float], *, max_body: int
    ) -> Response:
        """
        Send *request*, whose `url` is what stands in its first line, and return the reply.

        *left* returns the seconds that are left, or raises.  Raises `NoReplyError` or `OSError`.
        """
        connection = self._connection(host, port, left())
        try:
            connection.connect()
            connection.request(request.method, request.url, request.body, dict(request.headers))
            _hurry(connection, left)
            # The reply may hold the socket longer than the connection does: it is closed too.
            with connection.getresponse() as reply:
                body = _read(reply, connection, left, max_body)
                said = {name.lower(): value for name, value in reply.getheaders()}
                return Response(reply.status, said, body)
        except http.client.HTTPException as error:
            # Its text may be the reply's.
            raise NoReplyError(type(error).__name__) from None
        finally:
            connection.close()

    def _connection(self, host: str, port: int, seconds: float) -> http.client.HTTPSConnection:
        options: dict[str, Any] = {"timeout": max(seconds, 0.01), "context": self._trusting()}
        proxy = proxy_for(self._env, host, port)
        if proxy is None:
            return http.client.HTTPSConnection(host, port, **options)
        via, headers = read_proxy(proxy)
        connection = http.client.HTTPSConnection(via.hostname or "", via.port or 80, **options)
        connection.set_tunnel(host, port, headers)
        return connection

    def _trusting(self) -> ssl.SSLContext:
        if self._context is None:
            ca_file = self._ca_file or self._env.get("SSL_CERT_FILE") or None
            try:
                context = ssl.create_default_context()
                if ca_file:
                    context.load_verify_locations(ca_file)
            except OSError as error:
                raise SettingsError(
                    f"the CA file {ca_file} cannot be used: {error.strerror or 'no certificate'}",
                    hint="point GITLEASE_CA_FILE (or SSL_CERT_FILE) at a PEM file",
                ) from None
            self._context = context
        return self._context


def _read(
    reply: http.client.HTTPResponse,
    connection: http.client.HTTPConnection,
    left: Callable[[], float],
    max_body: int,
) -> bytes:
    body = bytearray()
    while chunk := reply.read1(65_536):
        body += chunk
        if len(body) > max_body:
            raise http.client.HTTPException("a reply without end")
        _hurry(connection, left)
    # A success with no length and nothing in it: the head itself was cut.
    cut = reply.status < 300 and reply.length is None and not reply.chunked and not body
    if reply.length or cut:
        raise http.client.IncompleteRead(b"")
    return bytes(body)


def _hurry(connection: http.client.HTTPConnection, left: Callable[[], float]) -> None:
    seconds = left()
    if connection.sock is not None:  # it is gone once the last byte of the reply is there
        connection.sock.settimeout(seconds)
