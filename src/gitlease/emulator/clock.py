"""
Keep the world's time: the real one plus an offset that a test may move.

Everything that lives or expires in the world asks here, so an hour passes in no time.  Only the
`Date` header may be skewed against it: that is a server whose clock lies to its clients.
"""

import math
import time
from datetime import UTC, datetime
from email.utils import formatdate


class Clock:
    """The world's clock, in seconds since the epoch."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Return the world's time."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock by *seconds*; a negative number moves it back."""
        if not math.isfinite(seconds):
            raise ValueError("advance: give a finite number of seconds")
        self.offset += seconds


def iso(moment: float) -> str:
    """Return *moment* as GitHub's API writes times: UTC, whole seconds, `Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(moment: float) -> str:
    """Return *moment* as a `Date` header (RFC 9110, 5.6.7)."""
    return formatdate(moment, usegmt=True)
