"""What is shown: a table for people, JSON for programs, and times as both read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitlease.model.redaction import printable
from gitlease.model.wire import iso

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json` to *parser*."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print *rows*: whole as JSON, or their *columns* as a table."""
    if as_json:
        print(json.dumps(list(rows)))
        return
    lines = [[name.replace("_", " ") for name in columns]]
    lines += [[_cell(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())


def when(moment: float | None) -> str | None:
    """Return *moment* (seconds) as a time in UTC, None as None."""
    return None if moment is None else iso(moment)


def _cell(value: Any) -> str:
    if value is None or value in ("", []):
        return "-"
    if isinstance(value, list):
        return printable("; ".join(map(str, value)))
    return printable(str(value))
