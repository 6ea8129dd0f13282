"""Brokers that differ in one number, all running at once, and asked by turns."""

from __future__ import annotations

import contextlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gitlease.emulator import GitHub
from tests.support import postgres
from tools import system
from tools.bench import broker, cores
from tools.bench.figure import Point, Row, Spread
from tools.bench.leases import by_turns
from tools.bench.replicas import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tools.bench.load import Plan

OWNER = "acme"


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[dict[str, Callable[[str], str]]]:
    """Yield, by its name, what makes a database for the broker of a name, and returns its URL."""

    def sqlite(name: str) -> str:
        (folder / name).mkdir()
        return broker.sqlite(folder / name)

    with contextlib.ExitStack() as stack:
        found: dict[str, Callable[[str], str]] = {"SQLite": sqlite}
        if shutil.which("initdb", path=system.path()):
            # What tests may throw away is written here as a broker's is.
            server = stack.enter_context(postgres.server(fsync="on"))

            def postgresql(name: str) -> str:
                (folder / name).mkdir()
                return server.url(server.create())

            found["PostgreSQL"] = postgresql
        yield found


@contextlib.contextmanager
def brokers(folder: Path, urls: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run a broker for each database of *urls*, in a folder of its name; yield their URLs."""
    with GitHub() as github, contextlib.ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        github.settings(token_format="stateless", mints_per_minute=0)
        running = [
            broker.broker(
                broker.environment(folder / name, github) | shared(folder / name, url), cores.ALL
            )
            for name, url in urls.items()
        ]
        yield dict(zip(urls, pool.map(stack.enter_context, running), strict=True))


def timed(plans: Mapping[str, Plan], turns: int) -> list[Spread]:
    """Return how long a lease of each of *plans* takes, in so many *turns*."""
    taken = by_turns(plans, turns)
    return [Spread.of([time for turn in taken[name] for time in turn.times]) for name in plans]


def rows(
    plot: str, line: str, sizes: Sequence[int], unit: str, spreads: Sequence[Spread]
) -> Iterator[Row]:
    """Yield a row for each of *sizes*, of *unit*, against the smallest of them."""
    smallest = f"{sizes[0]:,} {unit}"
    for size, spread in zip(sizes, spreads, strict=True):
        point = Point(plot, line, size)
        yield Row.ratio(f"{line}: {size:,} {unit}", smallest, spread, spreads[0], point=point)
