"""Bytes as an attacker sends them: no client that corrects them, and the reply as it came."""

import contextlib
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support.brokers import Broker

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@dataclass(frozen=True)
class Said:
    """What came back: every byte, whether the broker ended the connection, and after how long."""

    whole: bytes
    ended: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """The status of each reply, in their order."""
        return [int(status) for status in _STATUS.findall(self.whole)]


def connect(broker: Broker, limit: float = 20.0, room: int | None = None) -> socket.socket:
    """Open a connection to *broker*; *room* is how many bytes of replies it takes unread."""
    at = urlsplit(broker.url)
    made = socket.socket()
    try:
        if room is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        made.settimeout(limit)
        made.connect((at.hostname, at.port))
    except BaseException:
        made.close()
        raise
    return made


def head(method: str, path: str, headers: Mapping[str, str], version: str = "1.1") -> bytes:
    """Return a request's head with the names in *headers* and a Host."""
    lines = [f"{method} {path} HTTP/{version}", "Host: broker", *map(": ".join, headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def say(
    broker: Broker, data: bytes, *, replies: int = 1, limit: float = 20.0, is_all: bool = False
) -> Said:
    """
    Send *data* on a connection of its own; read until it ends, or there are *replies* whole ones.

    A reply is taken for whole when nothing came for a tenth of a second after its head.  With
    *is_all* the broker hears that nothing more will come.
    """
    began = time.monotonic()
    whole, ended = b"", False
    with connect(broker, limit) as attacker:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            attacker.sendall(data)
            if is_all:
                attacker.shutdown(socket.SHUT_WR)
        while not ended and time.monotonic() - began < limit:
            attacker.settimeout(0.1 if len(_STATUS.findall(whole)) >= replies else limit)
            try:
                more = attacker.recv(65536)
            except TimeoutError:
                break
            except ConnectionResetError:
                more = b""
            whole, ended = whole + more, not more
    return Said(whole, ended, time.monotonic() - began)


def drip(broker: Broker, first: bytes, drop: bytes, limit: float = 30.0) -> Said:
    """Send *first*, then *drop* each half second, until the broker ends the connection."""
    began = time.monotonic()
    whole, ended = b"", False
    with connect(broker, 0.5) as attacker, contextlib.suppress(OSError):
        attacker.sendall(first)
        while not ended and time.monotonic() - began < limit:
            try:
                more = attacker.recv(65536)
                whole, ended = whole + more, not more
            except TimeoutError:
                attacker.sendall(drop)
    # Whoever goes on sending to a closed connection hears that it is reset.
    return Said(whole, time.monotonic() - began < limit, time.monotonic() - began)
