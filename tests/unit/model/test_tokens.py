"""A token shows itself to nobody, and is not handed out near its end."""

import copy
import json
import pickle

import pytest

from gitlease.model.tokens import MIN_TTL, Secret, Token, fair_min_ttl, fingerprint

CANARY = "ghs_canary0123456789"


def hour(expires_at: float | None = 3600.0, lifetime: float = 3600.0) -> Token:
    return Token(Secret(CANARY), expires_at, 0.0, lifetime=lifetime)


@pytest.mark.parametrize("holder", [Secret(CANARY), hour(), [hour()], {"token": Secret(CANARY)}])
def test_nothing_that_prints_a_token_prints_its_secret(holder: object) -> None:
    assert CANARY not in f"{holder} {holder!r} {[holder]}"


@pytest.mark.parametrize(
    "leak",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        lambda secret: copy.deepcopy(Token(secret, 0.0, 0.0)),
    ],
)
def test_a_secret_is_not_copied_into_another_form(leak: object) -> None:
    with pytest.raises(TypeError) as raised:
        leak(Secret(CANARY))  # type: ignore[operator]
    assert CANARY not in str(raised.value)


def test_equal_secrets_are_equal_and_others_are_not() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != "a"


def test_the_fingerprint_is_the_form_of_the_audit_log() -> None:
    # The example in GitHub's docs for `hashed_token`: SHA-256, base64.
    assert fingerprint("abc") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    assert hour().fingerprint == fingerprint(CANARY)


@pytest.mark.parametrize(
    ("now", "usable"), [(0, True), (2999, True), (3000, True), (3001, False), (3600, False)]
)
def test_a_token_is_usable_while_it_outlives_the_margin(now: float, usable: bool) -> None:
    assert hour().usable(now, MIN_TTL) == usable


def test_a_short_lived_token_serves_for_two_thirds_of_its_life() -> None:
    token = hour(60.0, lifetime=60.0)
    assert token.usable(40, MIN_TTL)
    assert not token.usable(40.1, MIN_TTL)


@pytest.mark.parametrize("min_ttl", [0, -5, 600])
def test_no_margin_makes_a_dead_token_usable(min_ttl: float) -> None:
    assert not hour(100.0).usable(100.0, min_ttl)
    assert not hour(100.0, lifetime=-1.0).usable(100.0, min_ttl)


def test_a_token_of_unknown_life_is_usable() -> None:
    assert hour(None).usable(1e12, MIN_TTL)


def test_the_margin_is_at_most_a_third_of_the_life() -> None:
    assert fair_min_ttl(600, 3600) == 600
    assert fair_min_ttl(3000, 3600) == 1200
    assert fair_min_ttl(600, 0) > 0
