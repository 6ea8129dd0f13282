"""A GitHub, or a proxy before it, that misbehaves to the byte: the broker says so, in time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.support.brokers import Broker, running_broker
from tests.support.crooked_github import CrookedGitHub, crooked_github, token
from tests.support.loopback import Act, Loopback, reply, says

LIMIT, NOISE = 10.0, 4.0  # seconds; see test_trouble
HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
ILL, STRANGE = (503, "github-unreachable"), (502, "github")
CLOCK = b"{\"message\": \"'Issued at' claim ('iat') must be an Integer\"}"

REPLIES: dict[str, tuple[Act, tuple[int, str]]] = {
    "another protocol": (says(b"SSH-2.0-babeld\r\n"), ILL),
    "nothing": (says(b""), ILL),
    "half a head": (says(HEAD), ILL),
    "endless headers": (says(HEAD + b"X-A: b\r\n" * 50_000), ILL),
    "half a body": (says(HEAD + b"Content-Length: 9000\r\n\r\n" + token()), ILL),
    "a broken chunk": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), ILL),
    "no gzip": (reply(201, token(), Content_Encoding="gzip"), ILL),
    "too long": (reply(201, b'"' + b"x" * 9_000_000 + b'"'), ILL),
    "empty": (reply(201), ILL),
    "a list": (reply(201, b"[]"), ILL),
    "too deep": (reply(201, b"[" * 200_000), ILL),
    "no text": (reply(201, b"\xff\xfe\x00"), ILL),
    "a number for a token": (reply(201, token(5)), ILL),
    "an empty token": (reply(201, token("")), ILL),
    "two lines for a token": (reply(201, token("ghs_canary\nhost=evil")), ILL),
    "no end of life": (reply(201, b'{"token": "ghs_canary"}'), ILL),
    "an end that is no time": (reply(201, b'{"token": "ghs_canary", "expires_at": 1e400}'), ILL),
    "a life that is over": (reply(201, token("ghs_canary", life=-5)), ILL),
    "200, not 201": (reply(200, token("ghs_canary")), STRANGE),
    "400 of a proxy": (reply(400, b"<p>ghs_canary"), STRANGE),
    "401 of a proxy": (reply(401, b"<p>ghs_canary"), ILL),
    "404 of a proxy": (reply(404, b"<p>ghs_canary"), ILL),
    "407": (reply(407, b"<p>ghs_canary"), STRANGE),
    "a message of half characters": (reply(500, b'{"message": "\\ud800 \\u001b[2J\\r\\n"}'), ILL),
    "a clock refusal without a date": (reply(401, CLOCK), (502, "clock")),
    "a clock refusal of year 9999": (
        reply(401, CLOCK, Date="Fri, 31 Dec 9999 23:59:59 GMT"),
        (502, "clock"),
    ),
    "a date that is none": (reply(401, CLOCK, Date="yesterday"), (502, "clock")),
}


@dataclass
class Pair:
    """A broker and the GitHub that it knows."""

    github: CrookedGitHub
    broker: Broker

    def workspace(self, name: str) -> dict[str, str]:
        """Create one whose scope is nobody else's, so that no token of it is at hand."""
        return self.broker.workspace(name, {"owner": "acme", "repositories": [name]})

    def lease(self, name: str, who: dict[str, str]) -> httpx2.Response:
        began = time.monotonic()
        path = f"/workspaces/{name}/github-installation-token"
        answer = self.broker.ask("GET", path, headers=who)
        assert time.monotonic() - began < LIMIT + NOISE
        return answer

    def meets(self, act: Act, status: int, kind: str, name: str) -> str:
        """Fail unless *act* comes to that problem, and passes; return the wait that is told."""
        who = self.workspace(name)
        self.github.act = act
        answer = self.lease(name, who)
        self.github.act = None
        said = answer.json()
        assert (answer.status_code, said["type"]) == (status, f"urn:gitlease:problem:{kind}"), said
        assert said["detail"].isprintable()
        shown = answer.text + self.broker.log.read_text()
        assert "ghs_canary" not in shown
        assert "eyJ" not in shown
        self.works(name, who)
        return answer.headers["retry-after"]

    def works(self, name: str, who: dict[str, str]) -> None:
        answer = self.lease(name, who)
        assert answer.status_code == 200, answer.text
        assert answer.json()["token"] in self.github.tiny.tokens


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("crooked")
    with (
        crooked_github() as github,
        running_broker(folder / "broker", None, **github.env(folder)) as broker,
    ):
        yield Pair(github, broker)


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_is_none_is_told_and_forgotten(pair: Pair, name: str) -> None:
    act, problem = REPLIES[name]
    assert pair.meets(act, *problem, f"ws-{list(REPLIES).index(name)}") == "5"


def test_a_body_that_never_ends_is_late_as_a_whole(pair: Pair) -> None:
    head = HEAD + b"Content-Length: 100000\r\n\r\n"
    pair.meets(pair.github.server.trickles(head), *ILL, "ws-trickles")


def test_a_redirect_takes_our_proof_nowhere(pair: Pair) -> None:
    with Loopback(reply(200, token())) as elsewhere:
        there = f"http://127.0.0.1:{elsewhere.port}/app/installations/7/access_tokens"
        pair.meets(reply(307, b"{}", Location=there), *STRANGE, "ws-redirected")
        assert elsewhere.connections == 0


def test_a_wrong_clock_is_told_where_no_date_can_set_it(pair: Pair) -> None:
    who = pair.workspace("ws-clock")
    pair.github.tiny.pass_time(7200)
    pair.github.tiny.says_date = False
    answer = pair.lease("ws-clock", who)
    assert (answer.status_code, answer.json()["type"]) == (502, "urn:gitlease:problem:clock")
    assert "set this machine's clock" in answer.json()["detail"]
    pair.github.tiny.says_date = True
    pair.works("ws-clock", who)


def test_a_wait_beyond_all_measure_is_cut_to_one_that_ends(tmp_path: Path) -> None:
    act = reply(403, b'{"message": "rate limit"}', Retry_After="9" * 400)
    with (
        crooked_github() as github,
        running_broker(tmp_path / "broker", None, **github.env(tmp_path)) as broker,
    ):
        who = broker.workspace("ws-1", {"owner": "acme", "repositories": "ALL"})
        github.act = act
        answer = Pair(github, broker).lease("ws-1", who)
        assert answer.json()["type"] == "urn:gitlease:problem:github-limit"
        assert 1 <= int(answer.headers["retry-after"]) <= 60
