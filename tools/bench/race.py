"""
Run alternatives by turns, so that a machine's moods fall on all of them alike.

The order is drawn anew for each round: who runs after a program of 50 MB finds the caches cold.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tools.bench.figure import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.bench.program import Program

WARM_UP = 2  # rounds that are not counted: page cache, byte code, a daemon's first client


def race(programs: Mapping[str, Program], rounds: int) -> dict[str, Spread]:
    """Return how long each of *programs* takes, each run once in each of *rounds*."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    order = list(programs)
    draw = random.Random(1)
    for number in range(WARM_UP + rounds):
        draw.shuffle(order)
        for name in order:
            seconds = programs[name].time()
            if number >= WARM_UP:
                times[name].append(seconds)
    return {name: Spread.of(taken) for name, taken in times.items()}
