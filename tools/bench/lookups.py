"""Time what the broker asks its database, without the server around it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from gitlease.broker.store import digest_of
from gitlease.broker.store.address import Address
from gitlease.broker.store.bearers import Bearers
from gitlease.broker.store.callers import Callers
from gitlease.broker.store.database import Database
from gitlease.broker.store.invalidations import Invalidations
from gitlease.broker.store.journal import Journal
from gitlease.model.tokens import Secret
from tools.bench.figure import Spread
from tools.bench.program import BenchError
from tools.bench.stuffing import LEASES, fingerprint

if TYPE_CHECKING:
    from tools.bench.broker import Workspace

Look: TypeAlias = Callable[[], Awaitable[None]]
Asking: TypeAlias = Callable[[Database], Look]
WARM_UP = 5  # of each, not counted


def whose_bearer(fleet: Sequence[Workspace]) -> Asking:
    """Return what asks a database with *fleet* whose one of its bearers is."""
    draw = random.Random(1)

    def asking(database: Database) -> Look:
        # What is remembered is of no age, so that each look is a read.
        callers = Callers(age=0)
        bearers = Bearers(database, Invalidations(database, time.time), callers, time.time)

        async def look() -> None:
            one = draw.choice(fleet)
            row = await bearers.caller(digest_of(Secret(one.bearer)))
            if row is None or row.workspace_id != one.id:
                raise BenchError("a bearer was not found")

        return look

    return asking


def leases_of_a_token(records: int) -> Asking:
    """Return what asks a journal of so many *records* which are about a token."""
    draw = random.Random(1)

    def asking(database: Database) -> Look:
        journal = Journal(database)

        async def look() -> None:
            # Neither the first token nor the last, which have fewer leases.
            found = await journal.by_fingerprint(fingerprint(draw.randrange(1, records // LEASES)))
            if len(found) != LEASES:
                raise BenchError(f"{len(found)} records of a token instead of {LEASES}")

        return look

    return asking


def race(asked: Sequence[tuple[str, Asking]], rounds: int) -> list[Spread]:
    """Return how long each look at the database of that URL takes, one in each of *rounds*."""
    return asyncio.run(_race(asked, rounds))


async def _race(asked: Sequence[tuple[str, Asking]], rounds: int) -> list[Spread]:
    times: list[list[float]] = [[] for _ in asked]
    order = list(range(len(asked)))
    draw = random.Random(1)
    async with contextlib.AsyncExitStack() as stack:
        databases = [Database(Address.of(url)) for url, _ in asked]
        for database in databases:
            stack.push_async_callback(database.close)
        looks = [one(database) for (_, one), database in zip(asked, databases, strict=True)]
        for number in range(WARM_UP + rounds):
            draw.shuffle(order)
            for place in order:
                began = time.perf_counter()
                await looks[place]()
                if number >= WARM_UP:
                    times[place].append(time.perf_counter() - began)
    return [Spread.of(each) for each in times]
