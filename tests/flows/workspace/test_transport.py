"""One exchange: a whole reply or a named failure, in time, and no secret on the way."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from gitlease.model.errors import UnreachableError
from tests.support.carrying import CANARY, ask, failure, transport
from tests.support.loopback import Loopback, reply, says

OK = reply(200, b"fine")


def test_the_request_arrives_as_it_was_built() -> None:
    with Loopback(OK) as server:
        host = f"localhost:{server.port}"
        response = transport().exchange(ask(f"http://{host}/a/b?c=d", "POST", b'{"x": 1}'))
    assert (response.status, response.body) == (200, b"fine")
    [head] = [one.partition(b"\r\n\r\n")[0].decode().split("\r\n") for one in server.requests]
    assert head[0] == "POST /a/b?c=d HTTP/1.1"
    assert f"Host: {host}" in head
    assert f"Authorization: Bearer {CANARY}" in head
    assert server.requests[0].endswith(b'\r\n\r\n{"x": 1}')


def test_reply_headers_are_lower_case() -> None:
    with Loopback(reply(200, Retry_After="5")) as server:
        response = transport().exchange(ask(f"http://127.0.0.1:{server.port}/"))
    assert response.headers["retry-after"] == "5"


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 422])
def test_an_answer_is_an_answer_whatever_its_status_and_asked_for_once(status: int) -> None:
    with Loopback(reply(status)) as server:
        assert transport().exchange(ask(f"http://127.0.0.1:{server.port}/")).status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_handed_back_and_not_followed(status: int) -> None:
    with Loopback(OK) as other:
        where = f"http://127.0.0.1:{other.port}/"
        with Loopback(reply(status, Location=where)) as server:
            response = transport().exchange(ask(f"http://127.0.0.1:{server.port}/"))
    assert (response.status, response.headers["location"]) == (status, where)
    assert other.connections == 0


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_body_in_chunks_is_whole() -> None:
    with Loopback(says(CHUNKED + b"2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n")) as server:
        assert transport().exchange(ask(f"http://127.0.0.1:{server.port}/")).body == b"fine"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        CHUNKED + b"5\r\nfi",
        CHUNKED + b"2\r\nfi\r\n",
        b"SSH-2.0-canary " + CANARY.encode() + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_a_reply_that_is_not_whole_is_tried_again_and_then_an_error(data: bytes) -> None:
    with Loopback(says(data)) as server:
        said = failure(UnreachableError, f"http://127.0.0.1:{server.port}/")
    assert said.startswith("127.0.0.1 ")
    assert server.connections == 3


def test_a_reply_without_end_is_not_collected_for_ever() -> None:
    def floods(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(200):
            connection.sendall(b"x" * 65_536)

    with Loopback(floods) as server:
        assert "no whole reply" in failure(UnreachableError, f"http://127.0.0.1:{server.port}/")


# Patience.


@pytest.mark.parametrize("first", [reply(500), reply(502), reply(503), reply(429), says(b"")])
def test_what_may_pass_is_tried_again(first: Callable[[socket.socket], None]) -> None:
    with Loopback(first, first, OK) as server:
        assert transport().exchange(ask(f"http://127.0.0.1:{server.port}/")).status == 200
    assert server.connections == 3


@pytest.mark.parametrize("status", [429, 503])
def test_after_two_more_tries_the_answer_is_what_it_is(status: int) -> None:
    with Loopback(reply(status, b"why")) as server:
        response = transport().exchange(ask(f"http://127.0.0.1:{server.port}/"))
    assert (response.status, response.body) == (status, b"why")
    assert server.connections == 3


def test_what_a_server_has_said_is_not_lost_when_it_says_no_more() -> None:
    for later in (lambda server: server.waits, lambda _: says(b"")):
        with Loopback(reply(503, b"why")) as server:
            server.acts.append(later(server))
            response = transport(limit=1.0).exchange(ask(f"http://127.0.0.1:{server.port}/"))
        assert (response.status, response.body) == (503, b"why")
        assert server.connections > 1


def test_retry_after_is_honoured_and_otherwise_the_pauses_grow() -> None:
    pauses: list[float] = []
    with Loopback(reply(429, Retry_After="3"), reply(503), OK) as server:
        transport(sleep=pauses.append).exchange(ask(f"http://127.0.0.1:{server.port}/"))
    assert pauses[0] == 3
    assert 0.3 <= pauses[1] <= 0.9


def test_a_wait_beyond_the_limit_is_not_begun() -> None:
    pauses: list[float] = []
    with Loopback(reply(429, Retry_After="60"), OK) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert transport(sleep=pauses.append).exchange(ask(url)).status == 429
    assert pauses == []


SLOW = {
    "never answers": b"",
    "trickles its head": b"HTTP/1.1 200 OK\r\nX: ",
    "trickles a body": b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
    "trickles a body without length": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("how", SLOW)
def test_the_limit_holds_for_all_of_it(how: str) -> None:
    with Loopback() as server:
        server.acts.append(server.trickles(SLOW[how]) if SLOW[how] else server.waits)
        began = time.monotonic()
        said = failure(UnreachableError, f"http://127.0.0.1:{server.port}/", limit=0.4)
        took = time.monotonic() - began
    assert said.startswith("127.0.0.1 did not answer within 0.4 s; ")
    assert took < 3


def test_the_limit_holds_for_the_look_up_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_args: object, **_options: object) -> list[Any]:
        time.sleep(1.0)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    said = failure(UnreachableError, "http://slow.example/", limit=0.2)
    assert "did not answer within 0.2 s" in said
    assert time.monotonic() - began < 0.9


def test_exchanges_that_share_a_deadline_end_by_it_together() -> None:
    with Loopback(reply(200)) as server:
        server.acts.append(server.waits)
        url = f"http://127.0.0.1:{server.port}/"
        carrier = transport(limit=0.5)
        deadline = carrier.deadline()
        began = time.monotonic()
        assert carrier.exchange(ask(url), deadline).status == 200
        for _ in range(4):
            with pytest.raises(UnreachableError, match=r"did not answer within 0\.5 s"):
                carrier.exchange(ask(url), deadline)
        took = time.monotonic() - began
    assert took < 1.5
    assert server.connections == 2, "past the deadline nothing is begun"


def test_nobody_there_is_said_with_the_cause() -> None:
    with Loopback(OK) as server:
        pass
    assert failure(UnreachableError, f"http://127.0.0.1:{server.port}/").startswith(
        f"127.0.0.1:{server.port} cannot be reached: Connection refused; "
    )
    assert failure(UnreachableError, "http://[::1]:1/").startswith("[::1]:1 cannot be reached: ")
