"""Wait for something that will be, instead of for a time that may do."""

import time
from collections.abc import Callable


def until(done: Callable[[], bool], limit: float = 30.0) -> None:
    """Return when *done* is true; fail if that takes longer than *limit* seconds."""
    end = time.monotonic() + limit
    while not done():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
