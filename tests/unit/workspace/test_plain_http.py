"""A plain reply is read as `http.client` reads it, or not at all."""

from __future__ import annotations

import http.client
import io
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest

from gitlease.model.exchange import Request, Response
from gitlease.workspace.plain_http import NoReplyError, exchange

if TYPE_CHECKING:
    import socket

    from tests.support.evidence import Tried

LIMIT = 10_000
ASK = Request("GET", "/lease?x=1", {"Host": "broker:1", "Authorization": "Bearer canary"})


class Wire:
    """A connection that brings *data* in pieces of *size* bytes."""

    def __init__(self, data: bytes, size: int = 65_536) -> None:
        self._data = io.BytesIO(data)
        self._size = size
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def recv(self, size: int) -> bytes:
        return self._data.read(min(size, self._size))

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def makefile(self, _mode: str) -> io.BytesIO:
        return self._data


def read(data: bytes, size: int = 65_536, request: Request = ASK) -> Response:
    wire = cast("socket.socket", Wire(data, size))
    return exchange(wire, request, lambda: 1.0, max_body=LIMIT)


def as_http_client_reads(data: bytes) -> Response | None:
    reply = http.client.HTTPResponse(cast("Any", Wire(data)))
    try:
        reply.begin()
        body = reply.read()
    except (http.client.HTTPException, ValueError):
        return None
    said = {name.lower(): value for name, value in reply.getheaders()}
    return Response(reply.status, said, body)


def test_a_request_is_sent_as_it_was_built() -> None:
    wire = Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    exchange(cast("socket.socket", wire), ASK, lambda: 1.0, max_body=LIMIT)
    assert wire.sent == (
        b"GET /lease?x=1 HTTP/1.1\r\nAccept-Encoding: identity\r\nHost: broker:1\r\n"
        b"Authorization: Bearer canary\r\n\r\n"
    )


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a b"),
        Request("GET", "/a\r\nX: y"),
        Request("GET", ""),
        Request("GET\n", "/"),
        Request("GET", "/", {"X": "a\r\nY: b"}),
        Request("GET", "/", {"X\r\nY": "b"}),
        Request("GET", "/", {"X": "a\nb"}),
        Request("GET", "/\u00e4"),
    ],
)
def test_what_would_be_two_requests_is_not_sent(request_: Request) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        read(b"", request=request_)


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GOOD = {
    HEAD + b"Content-Length: 4\r\n\r\nfine": (200, b"fine"),
    HEAD + b"content-length:\t4\r\n\r\nfine, and more": (200, b"fine"),
    HEAD + b"\r\nfine": (200, b"fine"),
    b"HTTP/1.0 200\r\nX: y\r\n\r\nfine": (200, b"fine"),
    b"HTTP/1.1 404 Not Found\r\n\r\n": (404, b""),
    b"HTTP/1.1 204 No Content\r\n\r\n": (204, b""),
    b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n": (304, b""),
    CHUNKED + b"2\r\nfi\r\n2;a=b\r\nne\r\n0\r\nX: y\r\n\r\n": (200, b"fine"),
    b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 1\r\n\r\nx": (200, b"x"),
}


@pytest.mark.parametrize("data", GOOD)
def test_a_whole_reply_is_read_in_whatever_pieces_it_comes(data: bytes) -> None:
    for size in (1, 2, 3, 7, 65_536):
        response = read(data, size)
        assert (response.status, response.body) == GOOD[data]
        assert response == as_http_client_reads(data)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n" + HEAD + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + HEAD + b"Content-Length: 0\r\n\r\n",
        HEAD.replace(b"\r", b"") + b"Content-Length: 0\n\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: identity\r\n\r\nx",
        CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
        *(HEAD + b"Content-Length: %b\r\n\r\nx" % size for size in (b"+1", b"1_0", b"-1", b"0x1")),
        *(
            HEAD + b"Content-Length: %b\r\n\r\nx" % size
            for size in (b"", b"1,1", b"1 1", b"\xb2", b"1 ")
        ),
        HEAD + b"Content-Length: 99999\r\n\r\n" + b"x" * 99_999,
        HEAD + b"Content-Length: 9999999999\r\n\r\nx",
        HEAD + b"Content-Length : 1\r\n\r\nx",
        HEAD + b"X: y\r\n folded\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b" X: y\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b"X: a\rb\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b"X: a\0b\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b"no colon\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b": y\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b"X: y\r\n" * 101 + b"\r\nx",
        HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\nx",
        HEAD + b"\r\n" + b"x" * 10_001,
        HEAD + b"\r\n",
        *(
            CHUNKED + size + b"\r\nfi\r\n0\r\n\r\n"
            for size in (b"0x2", b"+2", b" 2", b"", b"g", b"-2")
        ),
        CHUNKED + b"2\r\nfiXX0\r\n\r\n",
        CHUNKED + b"2\nfi\r\n0\r\n\r\n",
        CHUNKED + b"ffffffff\r\n" + b"x" * 20_000,
        CHUNKED + b"1000\r\n" + b"x" * 4096 + b"\r\n2000\r\n" + b"x" * 8192 + b"\r\n0\r\n\r\n",
        CHUNKED + b"0\r\nbad\r\n\r\n",
        CHUNKED + b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n",
    ],
)
def test_what_can_be_read_in_two_ways_or_has_no_end_is_refused(data: bytes) -> None:
    for size in (1, 65_536):
        with pytest.raises(NoReplyError) as refused:
            read(data, size)
        assert str(refused.value).isalpha()


def test_a_reply_that_is_cut_is_never_whole() -> None:
    told = [data for data in GOOD if b"ontent-" in data or b"chunked" in data]
    for data in told:
        whole = len(data) - len(b", and more") * data.endswith(b", and more")
        if data.startswith(b"HTTP/1.1 304"):
            whole = len(data)
        for end in range(whole):
            with pytest.raises(NoReplyError):
                read(data[:end])


def test_no_time_left_ends_it() -> None:
    def left() -> float:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        exchange(cast("socket.socket", Wire(HEAD)), ASK, left, max_body=LIMIT)


PIECES = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b";", b"0", b"1", b"ff", b"\0", b"\x80", b"\x85",
    b"chunked", b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n", b"X: y\r\n", b"4\r\n",
    b"HTTP/1.1 ", b"HTTP/1.0 ", b"200", b"204", b"304", b"404", b"0\r\n\r\n", b"fine", b",", b"-",
]  # fmt: skip


def mutated(random: Random) -> bytes:
    data = bytearray(random.choice(list(GOOD)))
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(data))
        end = min(len(data), at + random.choice([0, 0, 1, 2, 5]))
        data[at:end] = random.choice([*PIECES, b"", bytes([random.randrange(256)])])
    return bytes(data)


def test_whatever_is_read_is_what_http_client_reads(tried: Tried) -> None:
    """It may refuse more than that one; it never takes a reply for another."""
    random, taken = Random(0), 0
    for _ in range(20_000):
        data = mutated(random)
        try:
            ours = read(data, random.choice([1, 5, 65_536]))
        except NoReplyError:
            continue
        if b"HTTP/1.1 1" in data or b"HTTP/1.0 1" in data:
            continue  # of replies ahead of the reply, that one knows but `100`
        taken += 1
        assert (data, ours) == (data, as_http_client_reads(data))
    assert taken > 2_000
    tried("replies in plain HTTP, read beside http.client", 20_000)
