"""
The rest of the internet, and all of it evil: a proxy that is every host but GitHub itself.

GitHub's own names are led on to the emulator's proxy.  Any other host has a certificate that the
workspace trusts, asks for a password, and writes down what it is given.
"""

import base64
import contextlib
import re
import select
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from tests.support.listening import Listening
from tests.support.loopback import receive

_OURS = {"github.com:443", "api.github.com:443"}
_ASKS = (
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="GitHub"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
_HAS_NONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_FLAGS = re.IGNORECASE | re.MULTILINE


@dataclass(frozen=True)
class Seen:
    """One request that reached the evil side: the host it was for, its first line, what it bore."""

    host: str
    line: str
    shown: str


class Evil(Listening):
    """The proxy, for as long as the `with` lasts; *github_proxy* is where the emulator's is."""

    def __init__(self, github_proxy: str) -> None:
        super().__init__()
        self._github = urlsplit(github_proxy).port
        self._authority = trustme.CA()
        self.seen: list[Seen] = []
        self.led_to_github = 0

    @property
    def url(self) -> str:
        """The proxy's address, for HTTPS_PROXY and http_proxy."""
        return f"http://127.0.0.1:{self.port}"

    def trusted_with(self, ca_file: Path, both: Path) -> None:
        """Write the authorities of *ca_file* and our own to *both*."""
        both.write_bytes(ca_file.read_bytes() + self._authority.cert_pem.bytes())

    def serve(self, near: socket.socket, number: int) -> None:  # noqa: ARG002 - all are alike
        """Lead it to GitHub if that is where it goes, else meet it."""
        near.settimeout(20)
        head = receive(near)
        method, _, target = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        host = target.partition(" ")[0]
        if method != "CONNECT":
            self._meet(near, urlsplit(host).netloc, head)
        elif host.lower() in _OURS:
            self.led_to_github += 1
            self._lead(near, head)
        else:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self._context(host).wrap_socket(near, server_side=True) as wrapped:
                self._meet(wrapped, host, receive(wrapped))

    def _meet(self, near: socket.socket, host: str, head: bytes) -> None:
        found = re.search(rb"^authorization: *(?:basic +)?(.*)\r$", head, _FLAGS)
        shown = found[1] if found else b""
        with contextlib.suppress(ValueError):
            shown = base64.b64decode(shown, validate=True)
        line = head.partition(b"\r\n")[0].decode("latin-1")
        self.seen.append(Seen(host, line, shown.decode("latin-1")))
        near.sendall(_HAS_NONE if found else _ASKS)

    def _lead(self, near: socket.socket, head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._github or 0), timeout=20) as far:
            far.sendall(head)
            while not self.closing.is_set():
                for ready in select.select([near, far], [], [], 0.2)[0]:
                    data = ready.recv(65_536)
                    if not data:
                        return
                    (far if ready is near else near).sendall(data)

    def _context(self, host: str) -> ssl.SSLContext:
        name = host.rpartition(":")[0].strip("[]").rstrip(".").encode().decode("ascii", "ignore")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # A name that no certificate can have is one that no client believes.
        with contextlib.suppress(ValueError):
            self._authority.issue_cert(name or "x").configure_cert(context)
        return context
