"""Rows for several brokers on one PostgreSQL: what they mint together, and what they serve."""

from __future__ import annotations

import contextlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from gitlease.emulator import GitHub
from tests.support import postgres
from tools import system
from tools.bench import broker, cores
from tools.bench.figure import Goal, Row, Spread
from tools.bench.leases import CALLERS, by_turns
from tools.bench.load import Plan, Question, ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tools.bench.effort import Effort

SCOPES = 10
WITHIN = 0.2  # seconds in which everybody asks a cold scope


def rows(folder: Path, effort: Effort) -> Iterator[Row]:
    """Let one and several replicas on PostgreSQL serve the same."""
    if not shutil.which("initdb", path=system.path()):
        return
    folder.mkdir()
    # Each number of replicas has scopes of its own, which nobody has asked for before.
    owners = {count: [f"owner-{count}-{one}" for one in range(SCOPES)] for count in effort.replicas}
    seed = {"installations": [{"owner": one} for each in owners.values() for one in each]}
    with (
        GitHub(seed) as github,
        # What tests may throw away is written here as a broker's is.
        postgres.server(fsync="on") as server,
        contextlib.ExitStack() as stack,
    ):
        github.settings(token_format="stateless", mints_per_minute=0)
        url = server.url(server.create())
        fleets = {
            count: broker.found(url, owners[count], effort.burst, f"ws-{count}")
            for count in effort.replicas
        }
        env = broker.environment(folder, github) | shared(folder, url)
        brokers = [broker.broker(env, cores.ALL) for _ in range(max(effort.replicas))]
        with ThreadPoolExecutor() as pool:  # most of a start is waiting
            urls = list(pool.map(stack.enter_context, brokers))
        for count in effort.replicas:
            before = github.stats()["mints"]
            cold = _questions(urls[:count], fleets[count], once=True)
            ask(Plan(cold, seconds=WITHIN)).all_right()
            mints = github.stats()["mints"] - before
            yield Row(f"{_named(count)}: mints per scope", "", mints / SCOPES, Goal("==", 1))
        yield from _warm(urls, fleets, effort)


def _warm(
    urls: Sequence[str], fleets: dict[int, list[broker.Workspace]], effort: Effort
) -> Iterator[Row]:
    plans = {
        _named(count): Plan(
            _questions(urls[:count], fleets[count][:CALLERS], once=False), effort.leases
        )
        for count in effort.replicas
    }
    for name, each in by_turns(plans, effort.turns // 5 + 2).items():
        pace = Spread.of([one.pace for one in each])
        late = Spread.of([one.within(99) for one in each])
        yield Row(f"{name}: leases", "", 1 / pace.median, unit="/s")
        yield Row(f"{name}, {CALLERS} at once: p99", "", late.median * 1000, unit="ms")


def _questions(
    urls: Sequence[str], fleet: Sequence[broker.Workspace], *, once: bool
) -> list[Question]:
    return [
        Question.of(urls[number % len(urls)], one.id, one.bearer, once=once)
        for number, one in enumerate(fleet)
    ]


def shared(folder: Path, url: str) -> dict[str, str]:
    """Return the variables of a broker that has its database at *url*, and keys in *folder*."""
    keys = folder / "keys"
    keys.write_bytes(Fernet.generate_key())
    keys.chmod(0o600)
    return {"GITLEASE_BROKER_DATABASE_URL": url, "GITLEASE_BROKER_KEY_FILE": str(keys)}


def _named(count: int) -> str:
    return f"{count} replica{'s' if count > 1 else ''} on PostgreSQL"
