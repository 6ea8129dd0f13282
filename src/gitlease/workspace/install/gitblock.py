"""
Our lines in somebody else's git config file: an `include` between two comments.

Pure text.  The include has to stand last: helpers that are configured after it would be told every
token (`store` goes to all of them).  Source: git-config(1), gitcredentials(7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_BEGIN: Final = "# gitlease begin"
_END: Final = "# gitlease end"
_BLOCK: Final = re.compile(
    rf"{_BEGIN}(?P<how>[^\n]*)\n\[include\]\n\tpath = [^\n]*\n"
    rf"(?P<others>(?:(?!{_BEGIN}).)*?){_END}(?:\n|\Z)",
    re.DOTALL,
)


def with_include(text: str, own: Path, *, existed: bool) -> str:
    """Return *text* with our include as its last lines; how to undo it stands in its first."""
    how = "" if existed else " (new file)"
    gap = ""
    if text and not text.endswith("\n"):
        how, gap = " (no line end before)", "\n"
    return f"{text}{gap}{_BEGIN}{how}\n{_include(own)}{_END}\n"


def has_include(text: str, own: Path) -> bool:
    """Tell whether our include of *own* is in *text*."""
    return without_include(text) != text and _include(own) in text


def _include(own: Path) -> str:
    return f"[include]\n\tpath = {quoted(str(own))}\n"


def is_new_file(text: str) -> bool:
    """Tell whether our include in *text* says that there was no file before."""
    return any("new file" in found["how"] for found in _BLOCK.finditer(text))


def without_include(text: str) -> str:
    """Return *text* without our include; lines that others put into its section stay."""

    def _rest(found: re.Match[str]) -> str:
        others = found["others"]
        return f"[include]\n{others}" if others.strip() else ""

    for found in reversed(list(_BLOCK.finditer(text))):
        head, tail = text[: found.start()], text[found.end() :]
        if "no line end" in found["how"] and not tail:
            head = head.removesuffix("\n")
        text = head + _rest(found) + tail
    return text


def quoted(text: str) -> str:
    """Return *text* as a git config file has a value, or the name of a subsection."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
