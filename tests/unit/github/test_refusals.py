"""Each refusal becomes the error that names its cause, in GitHub's words, with a cure."""

import json
from typing import Any

import pytest

from gitlease.github import protocol
from gitlease.github.refusals import is_clock_refusal, refusal
from gitlease.model.errors import (
    ClockError,
    NotInstalledError,
    RateLimitedError,
    RefusedError,
    SourceError,
    SuspendedError,
    UnauthorizedError,
    UnreachableError,
)
from gitlease.model.exchange import Response
from gitlease.model.tokens import Token

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
CANARY = "ghs_canary0123456789"


def reply(status: int, body: Any, **headers: str) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {k.replace("_", "-"): v for k, v in headers.items()}, data)


def read(response: Response) -> Token:
    return protocol.read_token(response, 1_800_000_000.0, whose="acme/app", source="app key")


_NOT_A_TIME = "must be a numeric value representing the future time at which the assertion expires"
CLOCK_TEXTS = [
    "'Expiration time' claim ('exp') is too far in the future",
    f"'Expiration time' claim ('exp') {_NOT_A_TIME}",
    "'Issued at' claim ('iat') must be an Integer representing the time",
]


@pytest.mark.parametrize(
    ("status", "said", "headers", "kind"),
    [
        *[(401, text, {}, ClockError) for text in CLOCK_TEXTS],
        (401, "A JSON web token could not be decoded", {}, UnauthorizedError),
        (401, "Bad credentials", {}, UnauthorizedError),
        (403, "This installation has been suspended", {}, SuspendedError),
        (403, "You have exceeded a secondary rate limit", {}, RateLimitedError),
        (403, "API rate limit exceeded", {}, RateLimitedError),
        (403, "slow down", {"retry_after": "30"}, RateLimitedError),
        (403, "no", {"x_ratelimit_remaining": "0"}, RateLimitedError),
        (403, "Resource not accessible by integration", {}, RefusedError),
        (404, "Not Found", {}, NotInstalledError),
        (422, "The permissions requested are not granted", {}, RefusedError),
        (429, "Too many requests", {}, RateLimitedError),
        (500, "oops", {}, UnreachableError),
        (502, "bad gateway", {}, UnreachableError),
        (503, "unavailable", {"retry_after": "9"}, UnreachableError),
        (200, "not a mint", {}, SourceError),
        (301, "Moved Permanently", {}, SourceError),
        (418, "teapot", {}, SourceError),
    ],
)
def test_each_status_has_its_error_with_githubs_words_and_a_cure(
    status: int, said: str, headers: dict[str, str], kind: type[SourceError]
) -> None:
    with pytest.raises(SourceError) as raised:
        read(reply(status, {"message": said}, **headers))
    error = raised.value
    assert type(error) is kind
    assert said[:40] in error.message
    assert "acme/app" in error.message
    assert error.hint


@pytest.mark.parametrize("status", [401, 403, 404, 422])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>blocked by policy, suspended</html>", b"{}", b'{"message": null}', b"[]"],
)
def test_a_refusal_without_githubs_words_is_a_proxys_and_not_githubs(
    status: int, body: bytes
) -> None:
    for act in (
        lambda: read(reply(status, body)),
        lambda: protocol.read_installation(reply(status, body), whose="acme/app"),
    ):
        with pytest.raises(SourceError, match="acme/app") as raised:
            act()
        assert type(raised.value) is UnreachableError
        assert "proxy" in raised.value.hint


def test_a_page_that_asks_for_patience_is_given_it() -> None:
    with pytest.raises(RateLimitedError):
        read(reply(403, b"<html>slow down</html>", retry_after="5"))


def test_only_a_refusal_for_the_clock_is_one() -> None:
    assert is_clock_refusal(reply(401, {"message": CLOCK_TEXTS[0]}))
    assert not is_clock_refusal(reply(401, {"message": "Bad credentials"}))
    assert not is_clock_refusal(reply(403, {"message": CLOCK_TEXTS[0]}))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "30"}, 30),
        ({"retry_after": "0"}, 0),
        ({}, 60),
        ({"retry_after": DATE}, 60),
        ({"retry_after": "-5"}, 60),
        ({"retry_after": "1e9"}, 60),
        ({"retry_after": "9" * 400}, 60),
        ({"retry_after": "\N{ARABIC-INDIC DIGIT THREE}"}, 60),
    ],
)
def test_github_is_given_the_patience_that_it_asks_for(
    headers: dict[str, str], seconds: float
) -> None:
    with pytest.raises(RateLimitedError) as raised:
        read(reply(429, {"message": "wait"}, **headers))
    assert raised.value.retry_after == seconds


def test_what_github_says_is_fit_for_a_terminal_and_short() -> None:
    said = f"\x1b[2J{CANARY}\n" + "x" * 1000
    with pytest.raises(SourceError) as raised:
        read(reply(418, {"message": said}))
    assert str(raised.value).isprintable()
    assert CANARY not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_only_a_reply_of_four_hundred_or_more_is_a_refusal() -> None:
    assert refusal(reply(201, {}), "x") is None
    assert refusal(reply(301, {}), "x") is None
    missing = reply(404, {"message": "Not Found"})
    assert isinstance(refusal(missing, "x"), NotInstalledError)
