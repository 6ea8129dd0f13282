"""What is written is what the standard library reads back."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitlease.workspace.install import toml

# Without lone surrogates, which no TOML can hold.
TEXTS = st.text(st.characters(codec="utf-8"))
PLAIN = (
    TEXTS
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.datetimes()
    | st.dates()
    | st.times()
)
VALUES = st.recursive(PLAIN, lambda of: st.lists(of) | st.dictionaries(TEXTS, of), max_leaves=8)


@given(st.dictionaries(TEXTS, VALUES))
def test_every_document_comes_back(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml.dumps(document)) == document


def test_a_plain_setting_is_a_plain_line() -> None:
    document = {"app_id": "1", "permissions": {"contents": "read"}}
    assert toml.dumps(document) == 'app_id = "1"\npermissions = {contents = "read"}\n'
