"""How much to measure: enough to trust, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """
    Rounds of programs that take a few milliseconds, and of those that take many; the size of
    the burst and of the largest cache.

    Of the broker: `turns` of so many `leases` each; a `storm` of so many workspaces in
    `storm_seconds`, for so many `scopes`; numbers of `replicas` on one database.  The refresher is
    watched for `at_rest` seconds.
    """

    light: int
    heavy: int
    burst: int
    records: int
    turns: int
    leases: int
    storm: int
    storm_seconds: float
    scopes: int
    replicas: tuple[int, ...]
    at_rest: float


FULL = Effort(
    light=600,
    heavy=50,
    burst=200,
    records=10_000,
    turns=30,
    leases=4_000,
    storm=10_000,
    storm_seconds=10,
    scopes=100,
    replicas=(1, 2, 4),
    at_rest=20,
)
QUICK = Effort(
    light=12,
    heavy=3,
    burst=30,
    records=200,
    turns=2,
    leases=100,
    storm=100,
    storm_seconds=0.5,
    scopes=5,
    replicas=(1, 2),
    at_rest=1,
)
