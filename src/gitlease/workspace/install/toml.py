"""
Write TOML, which the standard library only reads.

Every value of a document is on one line, so that no key can slip into a table.  Source: TOML 1.0.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dumps(document: Mapping[str, Any]) -> str:
    """Return *document*, as `tomllib.loads` gives it, as text that `tomllib.loads` reads back."""
    return "".join(f"{_quoted(key)} = {_value(value)}\n" for key, value in document.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value, bare=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)} = {_value(of)}" for key, of in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # Numbers, dates and times: ISO 8601, and Python's inf and nan are TOML's.
    return str(value)


def _quoted(text: str, *, bare: bool = True) -> str:
    """Return *text* as a key, or as a string if not *bare*."""
    if bare and text.isascii() and text.replace("-", "_").isidentifier():
        return text
    # What JSON escapes, TOML escapes in the same way; DEL is the one that JSON does not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
