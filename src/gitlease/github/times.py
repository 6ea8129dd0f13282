"""What GitHub says of time: when a reply was written, how long to wait, when a token ends."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def server_time(headers: Mapping[str, str]) -> float | None:
    """Return the reply's `Date` in seconds since 1970, or None if it has none that can be read."""
    try:
        return _in_seconds(parsedate_to_datetime(headers["date"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def timestamp(text: str) -> float:
    """Return the seconds since 1970 of an ISO 8601 time; one without a zone is UTC."""
    return _in_seconds(datetime.fromisoformat(text))


def _in_seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `Retry-After`, or None; a date there counts as none."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None
