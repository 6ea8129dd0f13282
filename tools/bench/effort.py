"""How much to measure: enough to trust, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """
    Rounds of programs that take a few milliseconds, and of those that take many; the size of
    the burst and of the largest cache.
    """

    light: int
    heavy: int
    burst: int
    records: int


FULL = Effort(light=600, heavy=50, burst=200, records=10_000)
QUICK = Effort(light=12, heavy=3, burst=30, records=200)
