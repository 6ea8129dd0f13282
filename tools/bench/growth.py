"""Rows for how the cost of a lease grows with the fleet, its grants and its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.bench import broker, grown, lookups, stuffing
from tools.bench.load import Plan, Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tools.bench.effort import Effort
    from tools.bench.figure import Row

ASKING = 100  # workspaces of a fleet that ask in a turn
PACE = 0.005  # seconds for each of them, in which nobody need wait for another
LOOKS = 40  # at a database, in a turn


def of_workspaces(folder: Path, effort: Effort) -> Iterator[Row]:
    """Take leases from brokers that know few workspaces, and many."""
    folder.mkdir()
    sizes = effort.workspaces
    with grown.databases(folder) as made:
        for kind, database in made.items():
            names = [f"{kind}-{size}" for size in sizes]
            urls = {name: database(name) for name in names}
            fleets = [
                broker.found(urls[name], [grown.OWNER], size)
                for name, size in zip(names, sizes, strict=True)
            ]
            with grown.brokers(folder, urls) as running:
                plans = {
                    name: _each_once(running[name], fleet[:: max(1, len(fleet) // ASKING)])
                    for name, fleet in zip(names, fleets, strict=True)
                }
                spreads = grown.timed(plans, effort.growing)
            yield from grown.rows("workspaces", f"lease, {kind}", sizes, "workspaces", spreads)
            asked = [
                (urls[name], lookups.whose_bearer(fleet))
                for name, fleet in zip(names, fleets, strict=True)
            ]
            looks = lookups.race(asked, effort.growing * LOOKS)
            line = f"bearer lookup, {kind}"
            yield from grown.rows("workspaces", line, sizes, "workspaces", looks)


def of_grants(folder: Path, effort: Effort) -> Iterator[Row]:
    """Take leases by the last of few grants, and of many."""
    folder.mkdir()
    sizes = effort.grants
    (folder / "SQLite").mkdir()
    url = broker.sqlite(folder / "SQLite")
    fleets = [
        broker.found(url, [grown.OWNER], ASKING // 5, f"ws-{size}", grants=size) for size in sizes
    ]
    with grown.brokers(folder, {"SQLite": url}) as running:
        plans = {
            str(size): _each_once(running["SQLite"], fleet, owner=grown.OWNER)
            for size, fleet in zip(sizes, fleets, strict=True)
        }
        spreads = grown.timed(plans, effort.growing)
    yield from grown.rows("grants", "lease, SQLite", sizes, "grants", spreads)
    asked = [(url, lookups.whose_bearer(fleet)) for fleet in fleets]
    looks = lookups.race(asked, effort.growing * LOOKS)
    yield from grown.rows("grants", "bearer lookup, SQLite", sizes, "grants", looks)


def of_journal(folder: Path, effort: Effort) -> Iterator[Row]:
    """Take leases from brokers with a short journal, and a long one, and find a token in it."""
    folder.mkdir()
    sizes = effort.journal
    with grown.databases(folder) as made:
        for kind, database in made.items():
            names = [f"{kind}-{size}" for size in sizes]
            urls = {name: database(name) for name in names}
            fleets = []
            for name, size in zip(names, sizes, strict=True):
                stuffing.fill(urls[name], size)
                fleets.append(broker.found(urls[name], [grown.OWNER], 1))
            with grown.brokers(folder, urls) as running:
                plans = {
                    name: Plan([Question.of(running[name], one.id, one.bearer)], ASKING)
                    for name, (one,) in zip(names, fleets, strict=True)
                }
                spreads = grown.timed(plans, effort.growing)
            yield from grown.rows("journal", f"lease, {kind}", sizes, "records", spreads)
            asked = [
                (urls[name], lookups.leases_of_a_token(size))
                for name, size in zip(names, sizes, strict=True)
            ]
            looks = lookups.race(asked, effort.growing * LOOKS)
            line = f"find by fingerprint, {kind}"
            yield from grown.rows("journal", line, sizes, "records", looks)


def _each_once(url: str, fleet: Sequence[broker.Workspace], owner: str = "") -> Plan:
    questions = [
        Question.of(url, one.id, one.bearer, owner=owner, once=True) for one in fleet[:ASKING]
    ]
    return Plan(questions, seconds=PACE * len(questions))
