"""The spellings in which a person may give a token's fingerprint: each names the same token."""

from __future__ import annotations

import base64
import contextlib
from typing import Final

from gitlease.model.errors import RequestError
from gitlease.model.tokens import FINGERPRINT_LENGTH

_HEX_LENGTH: Final = 64
_PLAIN: Final = str.maketrans("-_", "+/")


def read_fingerprint(text: str) -> str:
    """
    Return the fingerprint that *text* spells: base64 with or without its `=`, URL-safe, or hex.

    GitHub's log and the tools around it differ in the spelling.  Raises `RequestError`, which
    never quotes it: a person may have pasted the token itself.
    """
    with contextlib.suppress(ValueError):
        if len(text) == _HEX_LENGTH:
            return base64.b64encode(bytes.fromhex(text)).decode()
        plain = text.removesuffix("=").translate(_PLAIN)
        if len(plain) == FINGERPRINT_LENGTH - 1:
            return base64.b64encode(base64.b64decode(f"{plain}=", validate=True)).decode()
    raise RequestError(
        "that is no fingerprint of a token",
        hint="take `hashed_token` of GitHub's audit log, 44 characters; never show a token itself",
    )
