"""No secret survives in text for a person or a log."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.model.redaction import is_secret, printable, redact
from tests.support.evidence import Tried

STATELESS = "ghs_123_eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2ln-_nature"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"

SECRETS = [
    "ghs_" + "a1" * 18,
    STATELESS,
    "ghp_" + "b2" * 18,
    "glw_" + "c3" * 21 + "-",
    "gla_" + "d4" * 21 + "_",
    "gho_x",
    "ghu_x",
    "ghr_x",
    "GHS_SHOUTED1",
    *(f"{prefix}_{'c3-D_' * 8}" for prefix in ("glw", "gle", "gla")),
    "github_pat_11AAAA_bbbb",
    "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl",
    "eyJhbGciOiJub25lIn0.e30.",
    KEY,
    "-----BEGIN PRIVATE KEY-----\nMIIEow, and then it was cut",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "said {}.", '"{}"', "a={};b", "({})", "password={}\n"])
def test_a_secret_is_blotted_out_wherever_it_stands(secret: str, around: str) -> None:
    shown = redact(around.format(secret))
    assert "[redacted]" in shown
    assert not any(part in shown for part in (secret, secret[-5:], "MIIEow"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer [redacted]"),
        ("authorization: bearer  abcdefgh==", "authorization: bearer  [redacted]"),
        ("Proxy-Authorization: Basic dXNlcjpwYXNz", "Proxy-Authorization: Basic [redacted]"),
        ("Authorization: token 0123456789abcdef", "Authorization: token [redacted]"),
        ("https://me:hunter2@example.com/x", "https://me:[redacted]@example.com/x"),
        ("https://me:p@ss@example.com/x", "https://me:[redacted]@example.com/x"),
        ("http://:hunter2@proxy:3128", "http://:[redacted]@proxy:3128"),
    ],
)
def test_what_says_whose_secret_it_was_stays(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "acme/app",
        "https://github.com:443/acme/app",
        "a token for acme",
        "me@example.com",
        "ghs",
        # A fingerprint, which has to be found in a log, may look like the beginning of a JWT.
        "4tPKeyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9abc=",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


@given(st.text(), st.from_regex(r"\Aghs_[A-Za-z0-9_.\-]{6,600}\Z"))
def test_a_token_of_any_length_is_gone_whatever_surrounds_it(text: str, secret: str) -> None:
    assert secret not in printable(f"{text} {secret} {text}", 10_000)


@given(st.text(), st.integers(2, 300))
def test_a_printable_text_is_one_short_line_without_control_characters(
    text: str, most: int
) -> None:
    shown = printable(text, most)
    assert shown.isprintable()
    assert len(shown) <= most


BEGINNINGS = ["eyJ", "ghs_", "gla_x", "Bearer ", "token\t", "//", "//u:", "-----BEGIN A ", KEY[:31]]


@pytest.mark.parametrize("text", [*BEGINNINGS, "Bearer" + " " * 99, "//u:" + "a" * 99])
def test_a_text_of_nothing_but_beginnings_takes_no_longer_than_another(
    text: str, tried: Tried
) -> None:
    """Who may send 64 KB to a broker would otherwise stop it for seconds."""
    began = time.monotonic()
    printable(text * (400_000 // len(text)))
    assert time.monotonic() - began < 30
    tried("texts made to be slow to redact", 1)


def test_an_escape_sequence_is_shown_and_not_sent_to_the_terminal() -> None:
    assert printable("\x1b[2Jgithub.com\r\n\u202e") == r"\x1b[2Jgithub.com\r\n\u202e"


def test_a_cut_never_leaves_half_a_secret() -> None:
    assert printable("x" * 10 + " ghs_" + "a" * 100, 25) == "x" * 10 + " [redacted]"


@pytest.mark.parametrize("text", ["single_page", "gla_x", "ghs_tools", "app", "laughs_at_all_" * 3])
def test_a_name_is_no_secret(text: str) -> None:
    assert not is_secret(text)


@pytest.mark.parametrize("text", ["ghs_" + "a1" * 18, "glw_" + "c3" * 21 + "-", "GLE_" + "x" * 43])
def test_a_secret_in_a_names_place_is_known(text: str) -> None:
    assert is_secret(text)
