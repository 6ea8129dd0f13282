"""How much to measure: enough to trust, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """
    Rounds of programs that take a few milliseconds, and of those that take many; the size of
    the burst and the sizes of a cache.

    Of the broker: `turns` of so many `leases` each; a `storm` of so many workspaces in
    `storm_seconds`, for so many `scopes`; numbers of `replicas` on one database.  The refresher is
    watched for `at_rest` seconds.

    How cost grows is seen at so many `workspaces`, `grants` of a workspace, and records of the
    `journal`, in `growing` turns.
    """

    light: int
    heavy: int
    burst: int
    records: tuple[int, ...]
    turns: int
    leases: int
    storm: int
    storm_seconds: float
    scopes: int
    replicas: tuple[int, ...]
    at_rest: float
    workspaces: tuple[int, ...]
    grants: tuple[int, ...]
    journal: tuple[int, ...]
    growing: int


FULL = Effort(
    light=600,
    heavy=50,
    burst=200,
    records=(1, 10, 100, 1_000, 10_000),
    turns=30,
    leases=4_000,
    storm=10_000,
    storm_seconds=10,
    scopes=100,
    replicas=(1, 2, 4),
    at_rest=20,
    workspaces=(10, 100, 1_000, 10_000, 100_000),
    grants=(1, 10, 100, 1_000),
    journal=(1_000, 10_000, 100_000, 1_000_000),
    growing=6,
)
QUICK = Effort(
    light=12,
    heavy=3,
    burst=30,
    records=(1, 200),
    turns=2,
    leases=100,
    storm=100,
    storm_seconds=0.5,
    scopes=5,
    replicas=(1, 2),
    at_rest=1,
    workspaces=(10, 30),
    grants=(1, 3),
    journal=(100, 300),
    growing=1,
)
