"""What may be the id of a workspace or of a bearer: it stands in paths, logs and messages."""

from __future__ import annotations

import re
from typing import Final

from gitlease.model.errors import RequestError
from gitlease.model.redaction import is_secret, printable

_WORKSPACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


_TOKEN: Final = re.compile(r"[0-9a-f]{1,64}", re.ASCII)


def is_workspace_id(text: str) -> bool:
    """Tell whether *text* can be a workspace's id at all."""
    return _WORKSPACE.fullmatch(text) is not None


def is_token_id(text: str) -> bool:
    """Tell whether *text* can be a bearer's id at all."""
    return _TOKEN.fullmatch(text) is not None


def read_workspace_id(text: object) -> str:
    """Return *text* if it can be a workspace's id; raise `RequestError` otherwise."""
    if not isinstance(text, str) or not is_workspace_id(text) or is_secret(text):
        raise RequestError(
            f"{printable(repr(text), 80)} is no workspace id",
            hint="use letters, digits, `.`, `_` and `-`, 128 at most, the first no sign",
        )
    return text
