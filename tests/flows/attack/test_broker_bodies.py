"""Bodies that are too long, have no end, are packed, or are no JSON that two readers agree on."""

import contextlib
import gzip
import json
import zlib

import pytest

from tests.support.brokers import Broker
from tests.support.evidence import Tried
from tests.support.memory_of import resident
from tests.support.raw_http import connect, head

ROUTE = "/admin/workspaces"
LIMIT = 64 * 1024
DEEP = 30_000
BOMB = gzip.compress(b" " * 50_000_000)


def grants(number: str) -> bytes:
    """Return a workspace whose quota is written as *number*."""
    return (
        b'{"id": "ws-number", "grants": [{"owner": "acme", "repositories": "ALL", '
        b'"max_per_hour": %s}]}' % number.encode()
    )


# The body of a request to create a workspace: none of them may.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b" " * 60_000,
    "null": b"null",
    "a list": b"[]",
    "a text": b'"ws-1"',
    "two values": b'{"id": "ws-two"}{"id": "ws-two"}',
    "a comment": b'{"id": "ws-comment" /* */}',
    "a comma too many": b'{"id": "ws-comma",}',
    "single quotes": b"{'id': 'ws-quotes'}",
    "cut": b'{"id": "ws-cut"',
    "a byte order mark": b'\xef\xbb\xbf{"id": "ws-mark"}',
    "UTF-16": '{"id": "ws-16"}'.encode("utf-16"),
    "UTF-32": '{"id": "ws-32"}'.encode("utf-32"),
    "no UTF-8": b'{"id": "ws-\xff"}',
    "half a surrogate in UTF-8": b'{"id": "ws-\xed\xa0\x80"}',
    "half a surrogate escaped": b'{"id": "ws-\\ud800"}',
    "an overlong slash": b'{"id": "ws-\xc0\xaf"}',
    "a NUL": b'{"id": "ws-\0"}',
    "an escaped NUL": b'{"id": "ws-\\u0000"}',
    "a line in a text": b'{"id": "ws-\n"}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"id":' * (DEEP // 4) + b"1" + b"}" * (DEEP // 4),
    "deep in a field that is not known": b'{"id": "ws-deep", "x": '
    + b"[" * DEEP
    + b"]" * DEEP
    + b"}",
    "many keys": b"{" + b",".join(b'"%d":1' % n for n in range(6000)) + b"}",
    "a field that is not known": b'{"id": "ws-more", "admin": true}',
    "two ids": b'{"id": "ws-a", "id": 1}',
    "an id that is a number": b'{"id": 1}',
    "an id that is a list": b'{"id": ["ws-1"]}',
    "1,001 grants": json.dumps(
        {"id": "ws-many", "grants": [{"owner": "a", "repositories": "ALL"}] * 1001}
    ).encode(),
    **{
        f"a quota of {name}": grants(number)
        for name, number in {
            "NaN": "NaN",
            "Infinity": "Infinity",
            "-Infinity": "-Infinity",
            "1e400": "1e400",
            "a float": "1.5",
            "a text": '"x"',
            "true": "true",
            "minus one": "-1",
            "minus zero": "-0",
            "a leading zero": "01",
            "hexadecimal": "0x10",
            "2**63": str(2**63),
            "2**64": str(2**64),
            "4,000 digits": "9" * 4000,
            "60,000 digits": "9" * 60_000,
            "an exponent of 60,000 digits": "1e" + "9" * 60_000,
        }.items()
    },
    "gzip, unsaid": gzip.compress(b'{"id": "ws-gzip"}'),
    "deflate, unsaid": zlib.compress(b'{"id": "ws-zlib"}'),
}
ENCODED = {
    "gzip": BOMB,
    "deflate": zlib.compress(b" " * 9_000_000),
    "br": b"\x0b\x02\x80",
    "x": b"{}",
}


def post(broker: Broker, body: bytes, **headers: str) -> tuple[int, str]:
    more = broker.admin | {"Content-Type": "application/json"} | headers
    reply = broker.ask("POST", ROUTE, content=body, headers=more)
    return reply.status_code, reply.headers["content-type"]


def kept(broker: Broker) -> object:
    """Return all workspaces."""
    return broker.ask("GET", ROUTE, headers=broker.admin).json()


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_workspace_is_refused_and_nothing_changes(
    broker: Broker, name: str, tried: Tried
) -> None:
    before = kept(broker)
    assert post(broker, BODIES[name]) == (422, "application/problem+json")
    assert kept(broker) == before
    tried("bodies that are no workspace", 1)


@pytest.mark.parametrize("coding", ENCODED)
def test_a_packed_body_is_not_unpacked(broker: Broker, coding: str, tried: Tried) -> None:
    known, before = kept(broker), resident(broker)
    assert post(broker, ENCODED[coding], **{"Content-Encoding": coding})[0] in {413, 415, 422}
    assert resident(broker) - before < 16 * 1024
    assert kept(broker) == known
    tried("bodies that are packed", 1)


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(broker: Broker) -> None:
    body = b'{"id": "a/b"}'
    assert post(broker, body + b" " * (LIMIT - len(body)))[0] == 422
    assert post(broker, body + b" " * (LIMIT - len(body) + 1))[0] == 413


@pytest.mark.parametrize("door", ["operator's", "register"])
def test_a_body_without_end_is_cut_at_its_limit(broker: Broker, door: str) -> None:
    """In chunks, which say no length, as fast as they are taken."""
    path = ROUTE if door == "operator's" else "/registry/register"
    more = broker.admin | {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    before, sent = resident(broker), 0
    chunk = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
    with connect(broker) as attacker:
        attacker.sendall(head("POST", path, more))
        with contextlib.suppress(OSError):
            while sent < 200_000_000:
                sent += attacker.send(chunk)
    assert sent < 50_000_000
    assert resident(broker) - before < 16 * 1024


def test_a_length_that_is_promised_takes_no_memory(broker: Broker) -> None:
    before = resident(broker)
    more = broker.admin | {"Content-Type": "application/json", "Content-Length": str(10**15)}
    with connect(broker) as attacker:
        attacker.sendall(head("POST", ROUTE, more) + b"{")
        assert b" 413 " in attacker.recv(4096)
    assert resident(broker) - before < 16 * 1024


def test_what_two_readers_would_read_differently_is_read_in_one_way(broker: Broker) -> None:
    """Of a key that is given twice the last one counts, for what is checked and what is done."""
    body = b'{"id": "../x", "id": "ws-last", "grants": [], "grants": []}'
    assert post(broker, body)[0] == 201
    assert broker.ask("GET", f"{ROUTE}/ws-last", headers=broker.admin).json()["grants"] == []
