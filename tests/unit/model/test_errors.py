"""Every failure says what happened and how to cure it, on one line."""

import pytest

from gitlease.model import errors
from gitlease.model.errors import GitleaseError, SourceError

KINDS = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type)), key=lambda k: k.__name__
)


@pytest.mark.parametrize("kind", KINDS)
def test_each_error_has_a_cure_and_an_http_status(kind: type[GitleaseError]) -> None:
    assert issubclass(kind, GitleaseError)
    assert kind.hint
    assert 400 <= kind.status < 600


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_is_the_message_and_then_the_cure(kind: type[GitleaseError]) -> None:
    assert str(kind("it rains", hint="take an umbrella")) == "it rains; take an umbrella"
    assert str(kind("it rains")) == f"it rains; {kind.hint}"
    assert str(kind("it rains", hint="")) == "it rains"


def test_a_cure_given_to_one_error_is_not_the_next_ones() -> None:
    SourceError("it rains", hint="take an umbrella")
    assert SourceError("it rains").hint == "try again"


def test_a_failure_may_tell_when_to_ask_again() -> None:
    assert errors.RateLimitedError("too many", retry_after=7).retry_after == 7
    assert errors.RateLimitedError("too many").retry_after is None
