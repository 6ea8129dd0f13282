"""
Who may be answered at all: a second reading of the helper's rules, made of one expression.

It shares no line with what it judges, so that a mistake there does not agree with itself.
"""

from __future__ import annotations

import re
from typing import Final

_LINE_MAX: Final = 65_535  # bytes, git's own limit
_LINES_MAX: Final = 1_000
_ONCE: Final = (b"protocol", b"host", b"path", b"username")
_HEAD: Final = re.compile(rb"(?:[^\n]+\n)*(?:[^\n]+\Z)?")
_LINE: Final = re.compile(rb"(?!url=)[^=\x00-\x1f\x7f]*=[^\x00-\x1f\x7f]*")
_HOST: Final = re.compile(rb"host=[Gg][Ii][Tt][Hh][Uu][Bb]\.[Cc][Oo][Mm](?::443)?")
_USER: Final = re.compile(rb"username=(?:x-access-token|demo\[bot\])")


def may_answer(data: bytes) -> bool:
    """Tell whether a helper of github.com, whose App's bot is `demo[bot]`, may answer *data*."""
    head = _HEAD.match(data)
    lines = re.findall(rb"[^\n]+", head[0] if head else b"")
    if len(lines) > _LINES_MAX or any(len(line) > _LINE_MAX for line in lines):
        return False
    if not all(_LINE.fullmatch(line) for line in lines):
        return False
    said = {key: [one for one in lines if one.startswith(key + b"=")] for key in _ONCE}
    if any(len(found) > 1 for found in said.values()):
        return False
    return (
        said[b"protocol"] == [b"protocol=https"]
        and any(map(_HOST.fullmatch, said[b"host"]))
        and all(map(_USER.fullmatch, said[b"username"]))
    )
