"""What GitHub says of time: when a reply was written, how long to wait, when a token ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
# The one form in which servers write it (RFC 9110, "5.6.7 Date/Time Formats").
_USUAL: Final = re.compile(
    rf"[A-Z][a-z]{{2}}, (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)


def server_time(headers: Mapping[str, str]) -> float | None:
    """Return the reply's `Date` in seconds since 1970, or None if it has none that can be read."""
    try:
        return _in_seconds(_date(headers["date"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _date(text: str) -> datetime:
    found = _USUAL.fullmatch(text)
    if found:
        day, month, *rest = found.groups()
        year, hour, minute, second = map(int, rest)
        month_number = _MONTHS.index(month) + 1
        return datetime(year, month_number, int(day), hour, minute, second, tzinfo=UTC)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 4 ms, for older forms

    return parsedate_to_datetime(text)


def timestamp(text: str) -> float:
    """Return the seconds since 1970 of an ISO 8601 time; one without a zone is UTC."""
    return _in_seconds(datetime.fromisoformat(text))


def _in_seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `Retry-After`, or None; a date there counts as none."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None
