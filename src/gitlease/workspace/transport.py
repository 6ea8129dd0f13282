"""
One blocking HTTP(S) exchange, within a time limit that holds for all of it.

Redirects are handed back, never followed: a credential that travels with one leaves its host
(CVE-2026-41506).  What goes wrong becomes an `UnreachableError` that names host, cause and cure.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

from gitlease.github.times import retry_after
from gitlease.model.errors import SettingsError, UnreachableError
from gitlease.model.exchange import Request, Response
from gitlease.model.redaction import printable
from gitlease.workspace import plain_http
from gitlease.workspace.plain_http import NoReplyError
from gitlease.workspace.proxies import proxy_for, read_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlease.workspace.tls_http import TlsHttp

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
        self._tls: TlsHttp | None = None

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
        try:
            thread.start()
        except RuntimeError:
            raise UnreachableError(
                f"{printable(url.hostname or '')} cannot be asked: no thread can be started",
                hint="raise this user's limit on processes (ulimit -u, or the container's)",
            ) from None
        thread.join(max(deadline - self._monotonic(), 0.01))
        result = outcome[0] if outcome else TimeoutError()
        if isinstance(result, Response):
            return result
        if isinstance(result, (OSError, NoReplyError, ValueError)):
            # `from None`: the cause may hold headers, and those hold the proof of identity.
            raise self._explain(result, url) from None
        raise result

    def _converse(self, request: Request, url: SplitResult, deadline: float) -> Response:
        def left() -> float:
            seconds = deadline - self._monotonic()
            if seconds <= 0:
                raise TimeoutError
            return seconds

        host = url.hostname or ""
        target = url.path + (f"?{url.query}" if url.query else "")
        headers = {"Host": url.netloc, **request.headers}
        sent = Request(request.method, target, headers, request.body)
        if url.scheme == "http":
            with self._connect(host, url.port or 80, left) as connection:
                return plain_http.exchange(connection, sent, left, max_body=_MAX_BODY)
        if self._tls is None:
            from gitlease.workspace.tls_http import TlsHttp  # noqa: PLC0415 - start-up time

            self._tls = TlsHttp(self._env, self._ca_file)
        return self._tls.exchange(host, url.port or 443, sent, left, max_body=_MAX_BODY)

    def _connect(self, host: str, port: int, left: Callable[[], float]) -> socket.socket:
        if self._allow_http:
            return socket.create_connection((host, port), left())
        # What was looked up is what is connected to: a second look-up may differ.
        return _connect_privately(host, port, left)

    def _explain(self, error: Exception, url: SplitResult) -> UnreachableError:
        host = printable(url.hostname or url.netloc)
        way, proxy = "", None
        if url.scheme == "https":
            proxy = proxy_for(self._env, url.hostname or "", url.port or 443)
        if proxy:
            way = f" (through the proxy {printable(read_proxy(proxy)[0].hostname or '')})"
        import ssl  # noqa: PLC0415 - where something is wrong

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
            case NoReplyError():
                return UnreachableError(f"{host}{way} sent no whole reply ({error})")
            case OSError():
                # Often the host is right, and only the port is not.
                name = f"[{host}]" if ":" in host else host
                where = f"{name}:{url.port}" if url.port else host
                return UnreachableError(f"{where}{way} cannot be reached: {_cause(error)}")
            case _:
                return UnreachableError(f"{host}{way} cannot be asked ({type(error).__name__})")


def _backoff(attempt: int) -> float:
    """Return the seconds to wait after the failed *attempt*, by lot: it spreads a herd."""
    import random  # noqa: PLC0415 - an exchange that succeeds needs none

    return 0.2 * 3.0**attempt * random.uniform(0.5, 1.5)  # noqa: S311


def _cause(error: OSError) -> str:
    import ssl  # noqa: PLC0415 - as above

    if isinstance(error, ssl.SSLError) and error.reason:
        # Its text names a file of Python's own.
        return "TLS failed, " + printable(error.reason.lower().replace("_", " "))
    return printable(error.strerror or str(error) or type(error).__name__)


def _connect_privately(host: str, port: int, left: Callable[[], float]) -> socket.socket:
    failure: OSError = OSError("no address")
    for family, address in _private_addresses(host, port):
        connection = socket.socket(family)
        try:
            connection.settimeout(left())
            connection.connect(address)
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
