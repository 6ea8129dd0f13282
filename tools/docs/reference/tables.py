"""Tables and sentences in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a row of *titles*."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(_cell(one) for one in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Return *text* as code, nothing for nothing."""
    return f"`{text}`" if text else ""


def text_of(docstring: str | None) -> str:
    """Return a docstring without the marks of emphasis that it has for arguments."""
    return re.sub(r"\*(\w+)\*", r"`\1`", docstring or "").strip()


def first_paragraph(docstring: str | None) -> str:
    """Return a docstring's first paragraph as one line."""
    return " ".join(text_of(docstring).partition("\n\n")[0].split())
