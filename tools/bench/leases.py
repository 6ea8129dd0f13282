"""Rows for a lease from the broker's memory, one core against the same server with a constant."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from gitlease.emulator import GitHub
from tools.bench import broker, cores
from tools.bench.figure import Row, Spread
from tools.bench.load import Answers, Plan, Question, ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tools.bench.effort import Effort

CALLERS = 32  # connections that are kept, each of a workspace of its own
OWNERS = 4
CONSTANT = "the same server, a constant"


def rows(folder: Path, effort: Effort) -> Iterator[Row]:
    """Race cached leases with the same server answering a constant."""
    folder.mkdir()
    owners = [f"owner-{number}" for number in range(OWNERS)]
    fleet = broker.found(broker.sqlite(folder), owners, CALLERS)
    with (
        GitHub({"installations": [{"owner": owner} for owner in owners]}) as github,
        broker.broker(broker.environment(folder, github), cores.SERVER) as ours,
        broker.constant(cores.SERVER) as rival,
    ):
        plans = {
            name: Plan([Question.of(url, one.id, one.bearer) for one in fleet], effort.leases)
            for name, url in (("ours", ours), ("constant", rival))
        }
        taken = by_turns(plans, effort.turns)
    paces = {name: Spread.of([one.pace for one in each]) for name, each in taken.items()}
    yield Row.pace("cached leases a second", CONSTANT, paces["ours"], paces["constant"], 0.6)
    yield Row("cached leases", "", 1 / paces["ours"].median, unit="/s")
    for percent in (50, 99):
        for name, against in (("ours", ""), ("constant", CONSTANT)):
            spread = Spread.of([one.within(percent) for one in taken[name]])
            what = f"cached lease, {CALLERS} at once: p{percent}"
            yield Row(what, against, spread.median * 1000, unit="ms")


def by_turns(plans: Mapping[str, Plan], turns: int) -> dict[str, list[Answers]]:
    """Carry each of *plans* out once in each of *turns*, after one that is not counted."""
    taken: dict[str, list[Answers]] = {name: [] for name in plans}
    order = list(plans)
    draw = random.Random(1)
    for number in range(1 + turns):
        draw.shuffle(order)
        for name in order:
            answers = ask(plans[name]).all_right()
            if number:
                taken[name].append(answers)
    return taken
