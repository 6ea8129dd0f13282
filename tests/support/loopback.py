"""A server on a free loopback port that does to each connection what a test says, to the byte."""

import select
import socket
import ssl
from collections.abc import Callable, Iterator

from tests.support.listening import Listening

Act = Callable[[socket.socket], None]


def says(data: bytes) -> Act:
    """Send *data* and close."""
    return lambda connection: connection.sendall(data)


def reply(status: int, body: bytes = b"", **headers: str) -> Act:
    """Send a whole HTTP reply and close."""
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return says("\r\n".join([*lines, "", ""]).encode() + body)


class Loopback(Listening):
    """
    Serves connection number *n* by the *n*-th of `acts`, the last of them for all that follow.

    `requests` holds what was received, up to the end of each request.
    """

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.acts = list(acts)
        self._tls = tls
        self.requests: list[bytes] = []

    def serve(self, connection: socket.socket, number: int) -> None:
        """Do the act whose turn it is."""
        act = self.acts[min(number, len(self.acts) - 1)]
        connection.settimeout(10)
        if self._tls is None:
            self._talk(connection, act)
            return
        with self._tls.wrap_socket(connection, server_side=True) as wrapped:
            self._talk(wrapped, act)

    def _talk(self, connection: socket.socket, act: Act) -> None:
        self.requests.append(receive(connection))
        act(connection)

    def waits(self, _connection: socket.socket) -> None:
        """Say nothing until the test is over."""
        self.closing.wait(30)

    def trickles(self, head: bytes) -> Act:
        """Send *head* and then a byte at a time until the test is over."""

        def act(connection: socket.socket) -> None:
            connection.sendall(head)
            while not self.closing.wait(0.02):
                connection.sendall(b"x")

        return act


def receive(connection: socket.socket) -> bytes:
    """Return one request: its head, and as much body as its Content-Length says."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def tunnel(goal: int) -> Act:
    """Answer a CONNECT request with a tunnel to the loopback port *goal*."""

    def act(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", goal), timeout=10) as other:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for data, to in _both_ways(connection, other):
                to.sendall(data)

    return act


def _both_ways(one: socket.socket, other: socket.socket) -> Iterator[tuple[bytes, socket.socket]]:
    while True:
        for ready in select.select([one, other], [], [], 10)[0]:
            data = ready.recv(65_536)
            if not data:
                return
            yield data, other if ready is one else one
