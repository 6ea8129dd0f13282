"""A fingerprint is found however it is spelt, and a token that was pasted is not repeated."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.broker.fingerprints import read_fingerprint
from gitlease.model.errors import RequestError
from gitlease.model.tokens import fingerprint


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_every_spelling_is_read_as_one(secret: str) -> None:
    digest = hashlib.sha256(secret.encode()).digest()
    whole = base64.b64encode(digest).decode()
    spellings = [whole, whole.rstrip("="), digest.hex(), digest.hex().upper()]
    spellings += [base64.urlsafe_b64encode(digest).decode()]
    assert {read_fingerprint(text) for text in spellings} == {fingerprint(secret)}


@pytest.mark.parametrize(
    "text", ["ghs_canary", "=" * 44, "g" * 64, "A" * 44, "A" * 42 + "!", "\N{KELVIN SIGN}" * 43]
)
def test_what_is_none_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(RequestError) as raised:
        read_fingerprint(text)
    assert text not in str(raised.value)
