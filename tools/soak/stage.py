"""Everything that a fleet lives among: GitHub, PostgreSQL, brokers, and one address for them."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from gitlease.emulator import GitHub
from tests.support import postgres
from tests.support.loops import end_below
from tools.bench import broker
from tools.soak.balancer import Balancer
from tools.soak.fleet import Fleet, Workspace
from tools.soak.replica import Replica

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OWNERS = tuple(f"owner-{number}" for number in range(5))
SEED = {
    "installations": [{"owner": owner} for owner in OWNERS],
    "repositories": [{"name": f"{owner}/app"} for owner in OWNERS],
}
# The first one is never killed: what it holds is watched.
REPLICAS = 2


@dataclass(frozen=True)
class Size:
    """How long the soak lasts, how many workspaces there are, and how often each uses git."""

    seconds: float
    workspaces: int
    pace: float  # seconds
    life: int  # seconds that a token lives


@dataclass
class Stage:
    """What can be broken."""

    size: Size
    draw: random.Random
    github: GitHub
    database: postgres.Postgres
    name: str  # of the database
    replicas: list[Replica]
    balancer: Balancer
    fleet: Fleet

    def some(self, share: float = 0.1) -> list[Workspace]:
        """Return so many of the workspaces, one at least."""
        everyone = self.fleet.workspaces
        return self.draw.sample(everyone, max(1, int(len(everyone) * share)))


@contextlib.asynccontextmanager
async def staged(folder: Path, size: Size, draw: random.Random) -> AsyncIterator[Stage]:
    """Set all up in *folder*, and end what was started when the context ends."""
    with GitHub(SEED) as github, postgres.server() as database:
        github.settings(token_ttl=size.life)
        name = database.create()
        url = database.url(name)
        people = await asyncio.to_thread(broker.found, url, OWNERS, size.workspaces)
        keys = folder / "keys"
        keys.touch(mode=0o600)
        keys.write_bytes(Fernet.generate_key())
        env = broker.environment(folder, github)
        env |= {"GITLEASE_BROKER_DATABASE_URL": url, "GITLEASE_BROKER_KEY_FILE": str(keys)}
        replicas = [Replica(env, folder / f"broker-{number}.log") for number in range(REPLICAS)]
        balancer = Balancer([one.port for one in replicas])
        try:
            await asyncio.gather(*(one.start() for one in replicas))
            await balancer.open()
            workspaces = [
                Workspace(one, folder / one.id, github, balancer.url, random.Random(draw.random()))
                for one in people
            ]
            fleet = Fleet(workspaces, size.pace)
            try:
                yield Stage(size, draw, github, database, name, replicas, balancer, fleet)
            finally:
                end_below(folder)
        finally:
            await balancer.shut()
            await asyncio.gather(*(one.stop() for one in replicas))
