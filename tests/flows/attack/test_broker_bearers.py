"""
Bearers that are malformed, nearly right, or somebody else's: one answer, after the same work.

That the answer takes the same time is shown by what is done for it (digests, one read, a comparison
in constant time); times themselves are measured in `make siege`, and judged by nobody.
"""

import http.client
import inspect
import json
import random
import statistics
import time
from urllib.parse import urlsplit

import pytest

from gitlease.broker import identity
from gitlease.broker.admin_token import AdminTokens
from tests.flows.attack.conftest import APP
from tests.support.brokers import Broker
from tests.support.evidence import Tried
from tests.support.raw_http import say
from tests.support.siege import siege

ROUTES = {
    "GET": [
        "/workspaces/mine/github-installation-token",
        "/workspaces/mine/tokens",
        "/admin/github-installation-token",
        "/admin/workspaces",
        "/admin/journal",
    ],
    "POST": ["/registry/register"],
}


@pytest.fixture(scope="module")
def right(broker: Broker) -> str:
    """Create two workspaces and return the bearer of one."""
    broker.workspace("theirs", APP)
    return broker.workspace("mine", APP)["Authorization"].removeprefix("Bearer ")


def malformed(right: str) -> dict[str, list[bytes]]:
    """Return the Authorization headers of each attack; *right* is a bearer that is good."""
    good = right.encode()
    half = len(good) // 2
    return {
        "none": [],
        "empty": [b""],
        "a space": [b" "],
        "a scheme alone": [b"Bearer"],
        "an empty bearer": [b"Bearer "],
        "spaces for a bearer": [b"Bearer      "],
        "no scheme": [good],
        "basic": [b"Basic bWluZTpiZWFyZXI="],
        "basic with the bearer": [b"Basic " + good],
        "token": [b"token " + good],
        "digest": [b'Digest username="mine"'],
        "a tab after the scheme": [b"Bearer\t" + good],
        "no space after the scheme": [b"Bearer" + good],
        "a comma": [b"Bearer " + good + b", Basic x"],
        "quotes": [b'Bearer "' + good + b'"'],
        "a parameter": [b"Bearer " + good + b"; x=y"],
        "two headers": [b"Bearer " + good, b"Bearer " + good],
        "a bad one and a good one": [b"Bearer x", b"Bearer " + good],
        "a good one and an empty one": [b"Bearer " + good, b""],
        "two in one": [b"Bearer " + good + b" " + good],
        "a space inside": [b"Bearer " + good[:half] + b" " + good[half:]],
        "upper case": [b"Bearer " + good.upper()],
        "lower case": [b"Bearer " + good.lower()],
        "one character less": [b"Bearer " + good[:-1]],
        "one character more": [b"Bearer " + good + b"A"],
        "padding": [b"Bearer " + good + b"="],
        "another last character": [b"Bearer " + good[:-1] + (b"A" if good[-1:] != b"A" else b"B")],
        "another first character": [b"Bearer x" + good[1:]],
        "the right start alone": [b"Bearer " + good[:10]],
        "the right start, the rest wrong": [b"Bearer " + good[:10] + b"x" * (len(good) - 10)],
        "the prefix alone": [b"Bearer glw_"],
        "high bytes": [b"Bearer \xff\xfe\xfd" + good],
        "a non-breaking space": [b"Bearer " + good + b"\xa0"],
        "UTF-8": ["Bearer \uff47\uff4c\uff57\uff3f".encode()],
        "an escape": [b"Bearer %67lw_" + good[4:]],
        "513 characters": [b"Bearer " + b"x" * 513],
        "15 KB": [b"Bearer " + b"x" * 15_000],
        "a JWT with no signature": [b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJtaW5lIn0."],
        "SQL": [b"Bearer ' OR 1=1 --"],
        "a digest": [b"Bearer " + b"0" * 64],
        "null": [b"Bearer null"],
    }


def ask(broker: Broker, method: str, path: str, headers: list[bytes]) -> tuple[int, str]:
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: broker", b"Connection: close"]
    body = b'{"id": "mine"}' if method == "POST" else b""
    if body:
        lines += [b"Content-Type: application/json", b"Content-Length: 14"]
    lines += [b"Authorization: " + value for value in headers]
    said = say(broker, b"\r\n".join([*lines, b"", body]), replies=9)
    (status,) = said.statuses
    said_json = json.loads(said.whole.partition(b"\r\n\r\n")[2])
    said_json.pop("request_id", None)
    return status, json.dumps(said_json)


@pytest.mark.parametrize("method", ROUTES)
def test_every_malformed_bearer_has_one_and_the_same_answer(
    broker: Broker, right: str, method: str, tried: Tried
) -> None:
    count = 0
    for path in ROUTES[method]:
        said = set()
        for name, headers in malformed(right).items():
            status, body = ask(broker, method, path, headers)
            assert status == 401, (path, name)
            said.add(body)
            count += 1
        assert len(said) == 1, path
    assert ask(broker, "GET", ROUTES["GET"][0], [b"Bearer " + right.encode()])[0] == 200
    tried("malformed bearers", count)


@pytest.mark.parametrize("written", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_as_the_rfc_has_it(broker: Broker, right: str, written: str) -> None:
    """In any case, and with any number of spaces (RFC 9110, 11.1 and 11.4)."""
    path = ROUTES["GET"][0]
    assert ask(broker, "GET", path, [f"{written} {right}".encode()])[0] == 200


def test_a_bearer_elsewhere_is_no_bearer(broker: Broker, right: str) -> None:
    path = ROUTES["GET"][0]
    for more in (
        {"X-Authorization": f"Bearer {right}"},
        {"Proxy-Authorization": f"Bearer {right}"},
        {"Cookie": f"Authorization=Bearer {right}; token={right}"},
        {"X-Forwarded-Authorization": f"Bearer {right}"},
    ):
        assert broker.ask("GET", path, headers=more).status_code == 401
    for query in (f"access_token={right}", f"authorization=Bearer%20{right}", f"token={right}"):
        assert broker.ask("GET", f"{path}?{query}").status_code == 401


def test_bearers_are_compared_by_digests_in_constant_time() -> None:
    """A digest is looked up, so that how much of a bearer is right tells nothing; then one way."""
    for judge in (identity.Door, AdminTokens.opens):
        source = inspect.getsource(judge)
        assert "hmac.compare_digest(" in source
        assert " == " not in source
    workspace = inspect.getsource(identity.Door.workspace)
    # Nothing is returned or raised before the comparison was made.
    assert workspace.index("compare_digest") < workspace.index("raise BearerError")
    assert workspace.index("compare_digest") < workspace.index("return Caller")


@siege
def test_times_of_refusals_are_measured(broker: Broker, right: str) -> None:
    """Median and spread of each kind of refusal, asked for in turns."""
    theirs = broker.workspace("more-theirs", APP)["Authorization"].removeprefix("Bearer ")
    kinds = {
        "unknown": "glw_" + "x" * 43,
        "right start, wrong rest": right[:-1] + ("A" if right[-1] != "A" else "B"),
        "another workspace's": theirs,
        "no workspace of that name": right,
    }
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    at = urlsplit(broker.url)
    line = http.client.HTTPConnection(str(at.hostname), at.port, timeout=20)
    draw = random.Random(1)
    for _ in range(3000):
        for kind in draw.sample(list(kinds), len(kinds)):
            name = "nobody" if kind.startswith("no ") else "mine"
            path = f"/workspaces/{name}/github-installation-token"
            began = time.perf_counter()
            line.request("GET", path, headers={"Authorization": f"Bearer {kinds[kind]}"})
            reply = line.getresponse()
            reply.read()
            taken[kind].append(time.perf_counter() - began)
            assert reply.status == 401
    line.close()
    for kind, times in taken.items():
        quarters = [1e6 * one for one in statistics.quantiles(times, n=4)]
        print(
            f"{kind}: median {quarters[1]:.0f} µs, quartiles {quarters[0]:.0f} to {quarters[2]:.0f}"
        )
