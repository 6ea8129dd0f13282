"""What a request shows of itself is read whole, or shows nothing that anybody has."""

import pytest

from gitlease.emulator import credentials
from tests.unit.emulator.worlds import basic_header


@pytest.mark.parametrize("header", [None, "", "  "])
def test_no_header_shows_nothing(header: str | None) -> None:
    assert credentials.read(header) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token", "TOKEN"])
def test_a_token_is_shown_by_bearer_and_by_token(scheme: str) -> None:
    shown = credentials.read(f"{scheme} ghs_abc")
    assert shown is not None
    assert (shown.user, shown.secret) == ("", "ghs_abc")


def test_a_password_may_hold_colons() -> None:
    shown = credentials.read(basic_header("x-access-token", "a:b:c"))
    assert shown is not None
    assert (shown.user, shown.secret) == ("x-access-token", "a:b:c")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic /w==", "Digest abc", "Bearer", "ghs_abc"]
)
def test_an_unusable_header_is_a_credential_that_nobody_has(header: str) -> None:
    shown = credentials.read(header)
    assert shown is not None
    assert shown.secret == ""


def test_a_stateless_token_is_not_taken_for_a_jwt() -> None:
    tokens = {"ghs_1_a.b.c": False, "a.b.c": True, "ghs_abc": False}
    for secret, is_jwt in tokens.items():
        assert credentials.Shown("bearer", "", secret).is_jwt == is_jwt


def test_repr_shows_no_secret() -> None:
    assert "hidden" not in repr(credentials.Shown("basic", "me", "hidden"))
