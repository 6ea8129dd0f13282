"""
Leave a server alone while it fails: closed, open, and one probe at a time in between.

Source: M. Nygard, "Release It!", the circuit breaker.  While it is open a caller hears at once
what it would else have waited a whole time limit for.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# One hung reply is weather; so many in a row, with no whole reply between them, are an outage.
FAILURES: Final = 5
FIRST_REST: Final = 5.0  # seconds
LONGEST_REST: Final = 60.0  # seconds


class Breaker:
    """Counts the failures in a row of one server, named *name* in messages."""

    def __init__(self, name: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._monotonic = monotonic
        self._failures = 0
        self._rest = FIRST_REST
        self._opens_at = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether attempts are refused now, but for one probe when its time has come."""
        return self._failures >= FAILURES

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """
        Let one attempt pass, or raise `UnreachableError` at once.

        An `UnreachableError` inside counts as a failure, an end without an error as a success.
        """
        probe = self.is_open
        if probe:
            wait = self._opens_at - self._monotonic()
            if self._probing or wait > 0:
                raise UnreachableError(
                    f"{self._name} has failed {self._failures} times in a row and is left alone",
                    hint="see githubstatus.com; it is asked again by itself",
                    retry_after=max(wait, 1.0),
                )
            self._probing = True
        try:
            yield
        except UnreachableError:
            self._failed(probe=probe)
            raise
        else:
            self._failures, self._rest = 0, FIRST_REST
        finally:
            if probe:
                self._probing = False

    def _failed(self, *, probe: bool) -> None:
        self._failures += 1
        if probe:
            self._rest = min(self._rest * 2, LONGEST_REST)
        if self.is_open:
            self._opens_at = self._monotonic() + self._rest
