"""Numbers and times as a person types them at an option; each raises what argparse shows."""

from __future__ import annotations

import argparse
import math
from typing import Final

from gitlease.github.times import timestamp
from gitlease.model.redaction import printable

MOST: Final = (1 << 31) - 1  # what a column of the database takes


def count(text: str) -> int:
    """Return a whole number of at least one."""
    if text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= MOST:
        return int(text)
    raise argparse.ArgumentTypeError(f"{_quoted(text)} is no whole number of at least 1")


def amount(text: str) -> float:
    """Return a number above zero, of hours or days."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if 0 < number <= 1e6:
        return number
    raise argparse.ArgumentTypeError(f"{_quoted(text)} is no number above 0")


def moment(text: str) -> float:
    """Return the seconds since 1970 of a date or a time in ISO 8601; without a zone it is UTC."""
    try:
        return timestamp(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{_quoted(text)} is no time, such as 2026-01-31 or 2026-01-31T09:30:00Z"
        ) from None


def _quoted(text: str) -> str:
    return printable(repr(text), 60)
