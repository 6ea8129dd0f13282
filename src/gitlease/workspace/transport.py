"""
One blocking HTTP(S) exchange, within a time limit that holds for all of it.

Redirects are handed back, never followed: a credential that travels with one leaves its host
(CVE-2026-41506).  What goes wrong becomes an `UnreachableError` that names host, cause and cure.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from gitlease.github.times import retry_after
from gitlease.model.errors import SettingsError, UnreachableError
from gitlease.model.exchange import Request, Response
from gitlease.model.redaction import printable
from gitlease.workspace.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIMIT: Final = 10.0  # seconds, for exchanges that share a deadline and their retries together
RETRIES: Final = 2
_MAX_BODY: Final = 4 << 20  # bytes; a list of 500 repositories is well under 4 MiB


class Transport:
    """
    Carries requests, with proxies and CA as *env* and *ca_file* say.

    *limit* is in seconds; *sleep* and *monotonic* are the clock to wait by.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        ca_file: str = "",
        allow_http: bool = False,
        limit: float = LIMIT,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._env = env
        self._ca_file = ca_file
        self._allow_http = allow_http
        self._limit = limit
        self._sleep = sleep
        self._monotonic = monotonic
        self._context: ssl.SSLContext | None = None

    def deadline(self, limit: float | None = None) -> float:
        """
        Return when exchanges that begin now must end, for those that share one limit.

        *limit* is in seconds; the transport's own is the longest.
        """
        return self._monotonic() + (self._limit if limit is None else min(limit, self._limit))

    def exchange(self, request: Request, deadline: float | None = None) -> Response:
        """
        Send *request* and return the reply, whatever its status.

        A failed connection, 429 and 5xx are tried twice more, `Retry-After` is honoured, and all
        of it ends by *deadline* (see `deadline()`; one of its own if None).  Where no try has a
        good end, the last reply is returned.  Raises `UnreachableError` if no whole reply came.
        """
        if deadline is None:
            deadline = self.deadline()
        failure: UnreachableError | None = None
        refused: Response | None = None
        for attempt in range(RETRIES + 1):
            pause = 0.0
            try:
                response = self._once(request, deadline)
            except UnreachableError as error:
                failure = error
            else:
                if response.status != 429 and response.status < 500:
                    return response
                refused = response
                pause = retry_after(response.headers) or 0.0
            pause = max(pause, _backoff(attempt))
            if attempt == RETRIES or self._monotonic() + pause >= deadline:
                break
            self._sleep(pause)
        # What a server has said is wrong tells more than that it did not say so again.
        if refused is not None:
            return refused
        assert failure is not None  # noqa: S101 - one of the two is always there
        raise failure

    def _once(self, request: Request, deadline: float) -> Response:
        # A thread, because the look-up of a name has no time limit of its own.
        url = urlsplit(request.url)
        if self._monotonic() >= deadline:
            raise self._explain(TimeoutError(), url)
        outcome: list[Response | BaseException] = []

        def run() -> None:
            try:
                outcome.append(self._converse(request, url, deadline))
            except BaseException as error:  # noqa: BLE001 - it is raised again by the waiter
                outcome.append(error)

        thread = threading.Thread(target=run, name="gitlease-exchange", daemon=True)
        thread.start()
        thread.join(max(deadline - self._monotonic(), 0.01))
        result = outcome[0] if outcome else TimeoutError()
        if isinstance(result, Response):
            return result
        if isinstance(result, (OSError, http.client.HTTPException, ValueError)):
            # `from None`: the cause may hold headers, and those hold the proof of identity.
            raise self._explain(result, url) from None
        raise result

    def _converse(self, request: Request, url: SplitResult, deadline: float) -> Response:
        connection = self._connect(url, deadline)
        try:
            target = url.path + (f"?{url.query}" if url.query else "")
            headers = {"Host": url.netloc, **request.headers}
            connection.request(request.method, target, request.body, headers)
            self._hurry(connection, deadline)
            # The reply may hold the socket longer than the connection does: it is closed too.
            with connection.getresponse() as reply:
                body = self._read(reply, connection, deadline)
                said = {name.lower(): value for name, value in reply.getheaders()}
                return Response(reply.status, said, body)
        finally:
            connection.close()

    def _read(
        self,
        reply: http.client.HTTPResponse,
        connection: http.client.HTTPConnection,
        deadline: float,
    ) -> bytes:
        body = bytearray()
        while chunk := reply.read1(65_536):
            body += chunk
            if len(body) > _MAX_BODY:
                raise http.client.HTTPException("a reply without end")
            self._hurry(connection, deadline)
        # A success with no length and nothing in it: the head itself was cut.
        cut = reply.status < 300 and reply.length is None and not reply.chunked and not body
        if reply.length or cut:
            raise http.client.IncompleteRead(b"")
        return bytes(body)

    def _hurry(self, connection: http.client.HTTPConnection, deadline: float) -> None:
        left = deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError
        if connection.sock is not None:  # it is gone once the last byte of the reply is there
            connection.sock.settimeout(left)

    def _connect(self, url: SplitResult, deadline: float) -> http.client.HTTPConnection:
        host = url.hostname or ""
        options: dict[str, Any] = {"timeout": max(deadline - self._monotonic(), 0.01)}
        if url.scheme == "http":
            if not self._allow_http:
                # What was looked up is what is connected to: a second look-up may differ.
                return _connect_privately(host, url.port or 80, options)
            return _connected(http.client.HTTPConnection(host, url.port or 80, **options))
        options["context"] = self._tls()
        port = url.port or 443
        proxy = proxy_for(self._env, host, port)
        if proxy is None:
            connection = http.client.HTTPSConnection(host, port, **options)
        else:
            via, headers = _read_proxy(proxy)
            connection = http.client.HTTPSConnection(via.hostname or "", via.port or 80, **options)
            connection.set_tunnel(host, port, headers)
        return _connected(connection)

    def _tls(self) -> ssl.SSLContext:
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

    def _explain(self, error: Exception, url: SplitResult) -> UnreachableError:
        host = printable(url.hostname or url.netloc)
        way, proxy = "", None
        if url.scheme == "https":
            proxy = proxy_for(self._env, url.hostname or "", url.port or 443)
        if proxy:
            way = f" (through the proxy {printable(_read_proxy(proxy)[0].hostname or '')})"
        match error:
            case ssl.SSLCertVerificationError():
                return UnreachableError(
                    f"{host}{way} shows a certificate that is not trusted: {error.verify_message}",
                    hint="if a proxy or a private CA is in use, set GITLEASE_CA_FILE to its PEM",
                )
            case TimeoutError():
                return UnreachableError(f"{host}{way} did not answer within {self._limit:g} s")
            case socket.gaierror():
                return UnreachableError(
                    f"{host}{way} cannot be found: {error.strerror}", hint="check DNS and the proxy"
                )
            case http.client.HTTPException():
                return UnreachableError(f"{host}{way} sent no whole reply ({type(error).__name__})")
            case OSError():
                return UnreachableError(f"{host}{way} cannot be reached: {_cause(error)}")
            case _:
                return UnreachableError(f"{host}{way} cannot be asked ({type(error).__name__})")


def _backoff(attempt: int) -> float:
    """Return the seconds to wait after the failed *attempt*, by lot: it spreads a herd."""
    import random  # noqa: PLC0415 - an exchange that succeeds needs none

    return 0.2 * 3.0**attempt * random.uniform(0.5, 1.5)  # noqa: S311


def _cause(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        # Its text names a file of Python's own.
        return "TLS failed, " + printable(error.reason.lower().replace("_", " "))
    return printable(error.strerror or str(error) or type(error).__name__)


def _read_proxy(proxy: str) -> tuple[SplitResult, dict[str, str]]:
    hint = "set HTTPS_PROXY to http://host:port"
    try:
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        _ = via.port
    except ValueError:
        raise SettingsError("the proxy's URL cannot be read", hint=hint) from None
    if via.scheme != "http" or not via.hostname:
        kind = f"{printable(via.scheme)}://{printable(via.hostname or '')}"
        raise SettingsError(f"the proxy {kind} is of a kind that is not supported", hint=hint)
    if via.username is None:
        return via, {}
    pair = f"{unquote(via.username)}:{unquote(via.password or '')}"
    return via, {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _connected(connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_privately(
    host: str, port: int, options: Mapping[str, Any]
) -> http.client.HTTPConnection:
    failure: OSError = OSError("no address")
    for family, address in _private_addresses(host, port):
        connection = http.client.HTTPConnection(host, port, **options)
        connection.sock = socket.socket(family)
        connection.sock.settimeout(options["timeout"])
        try:
            connection.sock.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _private_addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    """Return *host*'s addresses if all are private: a bearer is not sent in the clear."""
    import ipaddress  # noqa: PLC0415 - only for plain http

    # As bytes: for a string Python loads its tables of the world's letters, a millisecond.
    found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    for *_, address in found:
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        # An IPv4 address in IPv6 clothes is as public as it is without.
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not (ip.is_loopback or ip.is_private):
            raise SettingsError(
                f"http://{printable(host)} would send a secret in the clear",
                hint="use https, or set GITLEASE_ALLOW_HTTP=1 if the network is trusted",
            )
    return [(family, address) for family, *_, address in found]
