"""Lay the figures out for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.bench.figure import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tools.bench.figure import Row

HEAD = ("what", "against", "measured", "goal", "", "ms: median (quartiles)", "the other's")
VERDICTS = {True: "met", False: "MISSED", None: ""}


def lines(rows: Iterable[Row]) -> list[str]:
    """Return the table of *rows*, a head first."""
    said = [HEAD, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*said, strict=True)]
    return ["  ".join(_padded(line, widths)).rstrip() for line in said]


def cells(row: Row) -> tuple[str, ...]:
    """Return the words of *row*, one for each of `HEAD`."""
    # Counts are whole.
    number = shown(row.measured) if row.unit or row.subject else f"{row.measured:g}"
    return (
        row.what,
        row.against or "-",
        f"{number} {row.unit}".rstrip(),
        str(row.goal or "-"),
        VERDICTS[row.met],
        str(row.subject or ""),
        str(row.rival or ""),
    )


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [text.ljust(width) for text, width in zip(line, widths, strict=True)]
