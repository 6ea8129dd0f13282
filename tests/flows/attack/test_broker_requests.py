"""
Requests that two programs read differently, or that are none: one answer, and nothing smuggled.

What follows an ambiguous request on the same connection must never be answered as one of its own:
behind a proxy it would be another caller's.
"""

import pytest

from tests.support.brokers import Broker
from tests.support.evidence import Tried
from tests.support.raw_http import head, say

JSON = {"Content-Type": "application/json"}
GET = head("GET", "/healthz", {})
SMUGGLED = head("GET", "/openapi.json", {})
REGISTER = "/registry/register"


def post(headers: dict[str, str], body: bytes = b"") -> bytes:
    return head("POST", REGISTER, JSON | headers) + body


def raw(*lines: bytes) -> bytes:
    return b"\r\n".join([*lines, b"", b""])


CHUNKED = {"Transfer-Encoding": "chunked"}
SIZE = str(len(SMUGGLED))
HOST = b"Host: broker"
LINE = b"GET /healthz HTTP/1.1"

# Two readings of where a request ends: refused, the connection ends, and what follows is nobody's.
AMBIGUOUS: dict[str, bytes] = {
    "Content-Length and chunked": post({"Content-Length": "4"} | CHUNKED, b"0\r\n\r\n"),
    "chunked and Content-Length": post(CHUNKED | {"Content-Length": "4"}, b"0\r\n\r\n"),
    "two lengths": post({"Content-Length": "0", "content-length": SIZE}),
    "a list of lengths": post({"Content-Length": "0, 0"}),
    "a length with a sign": post({"Content-Length": "+0"}),
    "a negative length": post({"Content-Length": "-1"}),
    "a hexadecimal length": post({"Content-Length": "0x0"}),
    "a length of 23 digits": post({"Content-Length": "9" * 23}),
    "a length of words": post({"Content-Length": "none"}),
    "an unknown coding": post({"Transfer-Encoding": "gzip"}),
    "nearly chunked": post({"Transfer-Encoding": "xchunked"}),
    "chunked, but not at the end": post({"Transfer-Encoding": "chunked, identity"}, b"0\r\n\r\n"),
    "chunked with a tab": post({"Transfer-Encoding": "chunked\t,\tidentity"}, b"0\r\n\r\n"),
    "a space before the colon": raw(b"POST /registry/register HTTP/1.1", HOST)[:-2]
    + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": head("POST", REGISTER, JSON | CHUNKED, "1.0") + b"0\r\n\r\n",
    "a chunk that ends in LF": post(CHUNKED, b"2\n{}\n0\n\n"),
    "a chunk without end": post(CHUNKED, b"2\r\n{}0\r\n\r\n"),
    "a chunk of 17 digits": post(CHUNKED, b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk": post(CHUNKED, b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk of 0x2": post(CHUNKED, b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a bare CR in a value": raw(LINE, HOST, b"X: a\rb"),
    "a bare CR as a line's end": LINE + b"\r" + HOST + b"\r\r",
    "a folded line": raw(LINE, HOST, b"X: a", b" b"),
    "a folded first header": raw(LINE, b" X: a", HOST),
    "NUL in a value": raw(LINE, HOST, b"X: a\0b"),
    "NUL in a name": raw(LINE, HOST, b"X\0: a"),
    "NUL in the target": raw(b"GET /healthz\0 HTTP/1.1", HOST),
    "a header without a name": raw(LINE, HOST, b": x"),
    "a header without a colon": raw(LINE, HOST, b"header"),
    "a space in a name": raw(LINE, HOST, b"X Y: x"),
    "two spaces": raw(b"GET  /healthz HTTP/1.1", HOST),
    "tabs for spaces": raw(b"GET\t/healthz\tHTTP/1.1", HOST),
    "a space in the target": raw(b"GET /healthz /x HTTP/1.1", HOST),
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "HTTP/1.2": raw(b"GET /healthz HTTP/1.2", HOST),
    "HTTP/2.0": raw(b"GET /healthz HTTP/2.0", HOST),
    "http in small letters": raw(b"GET /healthz http/1.1", HOST),
    "the preface of HTTP/2": raw(b"PRI * HTTP/2.0", b"", b"SM") + b"\0\0\0\4\0\0\0\0\0",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 600,
    "no HTTP at all": b"\xff\xfe\xfd\0" * 200 + b"\r\n\r\n",
    "17 KB in one header": raw(LINE, HOST, b"X: " + b"y" * 17_000),
    "150 headers": raw(LINE, HOST, *(b"X-%d: y" % number for number in range(150))),
    "10,000 headers": raw(LINE, HOST, *(b"X-%d: y" % number for number in range(10_000))),
    "a target of 20 KB": raw(b"GET /" + b"a" * 20_000 + b" HTTP/1.1", HOST),
    "a method of 20 KB": raw(b"A" * 20_000 + b" /healthz HTTP/1.1", HOST),
}

# Odd, and read in one way by everybody: the status, after which the connection serves on.
ODD: dict[str, tuple[bytes, int]] = {
    "a body where none belongs": (
        head("GET", "/healthz", {"Content-Length": SIZE}) + SMUGGLED,
        200,
    ),
    "a body for a closed door": (
        head("POST", "/admin/workspaces", JSON | {"Content-Length": SIZE}) + SMUGGLED,
        401,
    ),
    "the same length twice": (post({"Content-Length": "2", "content-length": "2"}, b"{}"), 422),
    "a chunk with an extension": (post(CHUNKED, b"2;a=b\r\n{}\r\n0\r\n\r\n"), 422),
    "a trailer that is a bearer": (
        post(CHUNKED, b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n"),
        422,
    ),
    "lines that end in LF": (b"GET /healthz HTTP/1.1\nHost: broker\n\n", 200),
    "empty lines before it": (b"\r\n\r\n" + GET, 200),
    "another host's URL as target": (raw(b"GET http://evil.example/healthz HTTP/1.1", HOST), 200),
    "CONNECT": (raw(b"CONNECT evil.example:443 HTTP/1.1", HOST), 404),
    "OPTIONS *": (raw(b"OPTIONS * HTTP/1.1", HOST), 404),
    "TRACE": (raw(b"TRACE /healthz HTTP/1.1", HOST), 405),
    "an unknown method": (raw(b"FOO /healthz HTTP/1.1", HOST), 405),
    "a method in small letters": (raw(b"get /healthz HTTP/1.1", HOST), 405),
    "no Host": (raw(LINE), 200),
    "two Hosts": (raw(LINE, HOST, b"Host: evil.example"), 200),
    "a Host that is none": (raw(LINE, b"Host: a b/../"), 422),
    "a Host of high bytes": (raw(LINE, b"Host: \xff\xfe"), 422),
    "h2c": (
        raw(LINE, HOST, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c")[:-2]
        + b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        200,
    ),
    "a web socket": (
        raw(LINE, HOST, b"Connection: Upgrade", b"Upgrade: websocket")[:-2]
        + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        200,
    ),
    "90 headers": (raw(LINE, HOST, *(b"X-%d: y" % number for number in range(90))), 200),
    "an expectation that nobody knows": (post({"Expect": "x", "Content-Length": "2"}, b"{}"), 422),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_has_two_readings_is_refused_and_nothing_follows(broker: Broker, name: str) -> None:
    said = say(broker, AMBIGUOUS[name] + SMUGGLED, replies=99)
    assert said.ended
    assert len(said.statuses) <= 1
    assert all(400 <= status < 500 for status in said.statuses), said.whole


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_has_one_reply_and_the_next_request_its_own(broker: Broker, name: str) -> None:
    data, status = ODD[name]
    said = say(broker, data + head("GET", "/nothing", {"Connection": "close"}), replies=99)
    assert said.statuses == [status, 404], said.whole


def test_pipelined_requests_are_answered_each_for_itself_and_in_order(broker: Broker) -> None:
    mine = broker.workspace("pipelined", {"owner": "acme", "repositories": ["app"]})
    path = "/workspaces/pipelined/github-installation-token"
    turns = [head("GET", path, mine if number % 2 else {}) for number in range(100)]
    turns.append(head("GET", "/nothing", {"Connection": "close"}))
    said = say(broker, b"".join(turns), replies=999)
    assert said.statuses == [401, 200] * 50 + [404]


def test_no_header_but_the_method_says_what_is_done(broker: Broker) -> None:
    broker.workspace("stays")
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        more = {name: "DELETE"} | broker.admin
        assert broker.ask("GET", "/admin/workspaces/stays", headers=more).status_code == 200
        path = "/admin/workspaces/stays?_method=DELETE"
        assert broker.ask("GET", path, headers=more).status_code == 200
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"):
        reply = broker.ask("GET", "/nothing", headers={name: "/openapi.json"})
        assert reply.status_code == 404


def test_a_request_that_breaks_off_is_no_defect(broker: Broker, tried: Tried) -> None:
    """Every prefix of a registration, and then the end of what is sent."""
    whole = post({"Content-Length": "13"}, b'{"id": "ws-1"}')
    for end in range(1, len(whole)):
        said = say(broker, whole[:end], replies=99, is_all=True)
        assert said.ended
        assert set(said.statuses) <= {400, 401, 422}
    tried("requests to the broker that break off", len(whole) - 1)
    tried("ambiguous or odd requests to the broker", len(AMBIGUOUS) + len(ODD))
