"""Broker and workspace understand each other, and the workspace an older platform too."""

import json

import pytest

from gitlease.model.tokens import Secret, Token
from gitlease.model.wire import Lease, iso, read_lease

NOW = 1_700_000_000.0
TOKEN = Token(Secret("ghs_1"), NOW + 3000, NOW - 600, source="broker")
LEASE = Lease(TOKEN, "acme", ("app",), (("contents", "read"),), "Iv1.x")


def test_a_lease_is_read_as_it_was_written() -> None:
    said = json.loads(json.dumps(LEASE.as_json(NOW)))
    read = read_lease(said, NOW, lifetime=3600)
    assert (read.owner, read.repositories, read.permissions, read.app) == (
        "acme",
        ("app",),
        (("contents", "read"),),
        "Iv1.x",
    )
    assert read.token.secret == TOKEN.secret
    assert read.token.expires_at == NOW + 3000


def test_seconds_count_from_here_whatever_the_brokers_clock_says() -> None:
    read = read_lease(LEASE.as_json(NOW), NOW + 90_000, lifetime=3600)
    assert read.token.expires_at == NOW + 90_000 + 3000


def test_the_older_platforms_two_fields_are_enough() -> None:
    said = {"token": "ghs_1", "expires_at": iso(NOW + 1800)}
    assert read_lease(said, NOW + 60, lifetime=3600, skew=60).token.expires_at == NOW + 60 + 1800


def test_no_life_is_longer_than_is_believed() -> None:
    said = {"token": "ghs_1", "expires_in": 1e9}
    assert read_lease(said, NOW, lifetime=3600).token.expires_at == NOW + 3600


@pytest.mark.parametrize("over", [{"expires_in": -1e300}, {"expires_at": "0001-01-01"}])
def test_a_token_that_was_over_long_ago_is_over_at_a_time_that_can_be_told(
    over: dict[str, object],
) -> None:
    read = read_lease({"token": "ghs_1", **over}, NOW, lifetime=3600)
    assert not read.token.usable(NOW, 0)
    assert read.as_json(NOW)["expires_in"] == -3600


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"token": "ghs_secret"},
        {"token": "ghs_secret", "expires_at": "soon"},
        {"token": "ghs_secret", "expires_in": float("nan")},
        {"token": "ghs_secret", "expires_in": 10**400},
        {"token": "", "expires_in": 5},
        {"token": "ghs_secret\nquit=1", "expires_in": 5},
        {"token": "ghs_secret x", "expires_in": 5},
        {"token": 7, "expires_in": 5},
    ],
)
def test_a_strange_reply_is_refused_without_quoting_it(said: object) -> None:
    with pytest.raises(ValueError, match="reply") as caught:
        read_lease(said, NOW, lifetime=3600)
    assert "secret" not in str(caught.value)
