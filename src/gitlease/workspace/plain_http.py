"""
One exchange in plain HTTP/1.1 over an open socket: to a broker on loopback or in a private network.

`http.client` loads `ssl` and the whole `email` package, which was a quarter of what such a fetch
cost; over TLS it is the one in use.  This is stricter: what RFC 9112 allows a client to refuse is
refused, since a reply that can be read in two ways is nobody's to read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gitlease.model.exchange import Request, Response

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

_MAX_LINE: Final = 65_536  # bytes, as `http.client` has it
_MAX_LINES: Final = 100  # of a head, or of what follows the last chunk
_INTERIM: Final = 10  # replies that only promise another

_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [\t -~\x80-\xff]*)?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_UNSENDABLE: Final = re.compile(r"[^!-~]")
_UNSENDABLE_VALUE: Final = re.compile(r"[^\t -~]")


class NoReplyError(Exception):
    """What came is no whole reply; the message is one word that says why."""


def exchange(
    connection: socket.socket,
    request: Request,
    left: Callable[[], float],
    *,
    max_body: int,
) -> Response:
    """
    Send *request*, whose `url` is what stands in its first line, and return the reply.

    *left* is asked ahead of each wait for the seconds that are left, and raises if none are.
    Raises `NoReplyError`, `ValueError` for what cannot be sent, or `OSError`.
    """
    connection.sendall(_encode(request))
    reader = _Reader(connection, left)
    for _ in range(_INTERIM):
        version, status = _read_status(reader)
        said = _read_fields(reader)
        if status >= 200:
            body = _read_body(reader, version, status, said, max_body)
            return Response(status, said, body)
        if status == 101:
            break
    raise NoReplyError("BadStatusLine")


def _encode(request: Request) -> bytes:
    fields = {"Accept-Encoding": "identity", **request.headers}
    if request.body is not None:
        fields["Content-Length"] = str(len(request.body))
    words = [request.method, request.url, *fields]
    if any(_UNSENDABLE.search(word) or not word for word in words) or any(
        _UNSENDABLE_VALUE.search(value) for value in fields.values()
    ):
        raise ValueError("a request with a character that cannot be sent")
    lines = [f"{request.method} {request.url} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (request.body or b"")


class _Reader:
    """Reads what *connection* brings, by lines and by bytes."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection = connection
        self._left = left
        self._data = bytearray()
        self._any = False

    def line(self) -> bytes:
        """Return the next line without its end, which is CR and LF."""
        while (end := self._data.find(b"\n")) < 0 and len(self._data) <= _MAX_LINE:
            self._more()
        if end > _MAX_LINE or end < 0:
            raise NoReplyError("LineTooLong")
        line = self._take(end + 1)
        if line[-2:] != b"\r\n":
            raise NoReplyError("BadLine")
        return line[:-2]

    def exactly(self, count: int) -> bytes:
        """Return the next *count* bytes."""
        while len(self._data) < count:
            self._more()
        return self._take(count)

    def rest(self, limit: int) -> bytes:
        """Return all that comes until the connection ends; more than *limit* is an error."""
        while len(self._data) <= limit:
            if not self._received():
                return bytes(self._data)
        raise NoReplyError("TooLong")

    def _more(self) -> None:
        if not self._received():
            raise NoReplyError("IncompleteRead" if self._any else "RemoteDisconnected")

    def _received(self) -> bool:
        self._connection.settimeout(self._left())
        part = self._connection.recv(65_536)
        self._data += part
        self._any = self._any or part != b""
        return part != b""

    def _take(self, count: int) -> bytes:
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken


def _read_status(reader: _Reader) -> tuple[int, int]:
    """Return the minor version and the status."""
    found = _STATUS.fullmatch(reader.line())
    if found is None:
        raise NoReplyError("BadStatusLine")
    return int(found[1]), int(found[2])


def _read_fields(reader: _Reader) -> dict[str, str]:
    """Return the header fields up to the blank line, their names in lower case."""
    said: dict[str, str] = {}
    for _ in range(_MAX_LINES + 1):
        line = reader.line()
        if not line:
            return said
        found = _FIELD.fullmatch(line)
        if found is None:
            raise NoReplyError("BadHeader")
        name = found[1].decode("ascii").lower()
        # Two of them, even if they agree, come from someone who meant to be read in two ways.
        if name in said and name in {"content-length", "transfer-encoding"}:
            raise NoReplyError("BadHeader")
        said[name] = found[2].decode("latin-1")
    raise NoReplyError("TooManyHeaders")


def _read_body(
    reader: _Reader, version: int, status: int, said: Mapping[str, str], limit: int
) -> bytes:
    """Return the body, whose end is told in one of three ways (RFC 9112, section 6.3)."""
    coding, length = said.get("transfer-encoding"), said.get("content-length")
    empty = status in {204, 304}
    if coding is not None:
        if coding.lower() != "chunked" or length is not None or version == 0 or empty:
            raise NoReplyError("BadHeader")
        return _read_chunks(reader, limit)
    if length is not None:
        if not length.isascii() or not length.isdigit() or len(length) > 9:
            raise NoReplyError("BadHeader")
        if int(length) > limit:
            raise NoReplyError("TooLong")
    if empty:
        return b""
    if length is not None:
        return reader.exactly(int(length))
    body = reader.rest(limit)
    if not body and status < 300:
        # A success with no length and nothing in it: the head itself was cut.
        raise NoReplyError("IncompleteRead")
    return body


def _read_chunks(reader: _Reader, limit: int) -> bytes:
    body = bytearray()
    while True:
        found = _CHUNK.fullmatch(reader.line())
        if found is None:
            raise NoReplyError("BadChunk")
        size = int(found[1], 16)
        if len(body) + size > limit:
            raise NoReplyError("TooLong")
        if size == 0:
            _read_fields(reader)  # what trails is not believed
            return bytes(body)
        body += reader.exactly(size)
        if reader.exactly(2) != b"\r\n":
            raise NoReplyError("BadChunk")
