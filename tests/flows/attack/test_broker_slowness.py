"""Callers who take their time: each is cut off, and an honest one waits for none of them."""

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.brokers import Broker
from tests.support.evidence import Survived, Tried
from tests.support.polling import until
from tests.support.raw_http import Said, connect, drip, head
from tests.support.siege import siege

# What the broker gives a head, and a body; then what a noisy machine adds to it.
LIMIT, NOISE = 10.0, 8.0
# What it gives a caller to take his reply.
TAKING = 30.0
REGISTER = {"Content-Type": "application/json"}
BODY = head("POST", "/registry/register", REGISTER | {"Content-Length": "1000"})
CHUNKS = head("POST", "/registry/register", REGISTER | {"Transfer-Encoding": "chunked"})

# What is sent at once, and what each half second; the statuses that come back.
TRICKLES: dict[str, tuple[bytes, bytes, list[int]]] = {
    "nothing": (b"", b"", []),
    "empty lines": (b"\r\n", b"\r\n", []),
    "a target": (b"GET /", b"a", []),
    "a header": (b"GET /healthz HTTP/1.1\r\nX: ", b"a", []),
    "headers": (b"GET /healthz HTTP/1.1\r\n", b"X: y\r\n", []),
    "a second request": (head("GET", "/healthz", {}) + b"GET /", b"a", [200]),
    "no body": (BODY, b"", [408]),
    "a body": (BODY, b" ", [408]),
    "chunks": (CHUNKS, b"1\r\n \r\n", [408]),
    "a chunk's size": (CHUNKS, b"0", [408]),
    "a chunk's extension": (CHUNKS + b"1;", b"a", [408]),
    "trailers": (CHUNKS + b"2\r\n{}\r\n0\r\n", b"X: y\r\n", [408]),
    "a body at a closed door": (
        head("POST", "/admin/workspaces", {"Content-Length": "9"}),
        b" ",
        [401],
    ),
    "a body that nobody reads": (head("GET", "/healthz", {"Content-Length": "9"}), b"", [200]),
}


def test_whoever_trickles_is_cut_off_in_time(
    broker: Broker, tried: Tried, survived: Survived
) -> None:
    with ThreadPoolExecutor(len(TRICKLES)) as pool:
        asked = {
            name: pool.submit(drip, broker, first, drop)
            for name, (first, drop, _) in TRICKLES.items()
        }
        assert broker.ask("GET", "/healthz").status_code == 200
        said: dict[str, Said] = {name: one.result(60) for name, one in asked.items()}
    for name, (_, _, statuses) in TRICKLES.items():
        assert said[name].ended, name
        assert said[name].seconds < LIMIT + NOISE, name
        assert said[name].statuses in (statuses, []), name
    tried("ways to send a request slowly", len(TRICKLES))
    survived("callers of the broker that send a byte now and then")


@pytest.fixture
def greedy(broker: Broker) -> Iterator[list[socket.socket]]:
    """Ask for far more replies than fit on the way, and take none."""
    asked = head("GET", "/openapi.json", {}) * 300
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(connect(broker, 0.5, room=4096)) for _ in range(40)]
        for one in made:
            with contextlib.suppress(TimeoutError):
                one.sendall(asked)
        yield made


@siege
def test_whoever_takes_no_reply_is_cut_off_in_time(
    broker: Broker, greedy: list[socket.socket], survived: Survived
) -> None:
    """Not even whoever takes a byte now and then, so that the kernel sees him live."""
    alive = set(greedy)

    def all_cut() -> bool:
        for one in list(alive):
            one.settimeout(0.05)
            try:
                one.send(b"\r\n")
                one.recv(1)
            except TimeoutError:
                continue
            except OSError:
                alive.discard(one)
        return not alive

    assert broker.ask("GET", "/healthz").status_code == 200
    until(all_cut, TAKING + 30.0)
    assert "only waited and are cut" in broker.log.read_text()
    survived("callers of the broker that take no reply")
