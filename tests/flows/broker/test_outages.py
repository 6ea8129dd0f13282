"""PostgreSQL goes away under load: callers wait or are told, and the broker recovers by itself."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support.brokers import TRUST, Broker
from tests.support.crowds import ROUTE
from tests.support.journals import records
from tests.support.polling import until
from tests.support.postgres import Postgres
from tests.support.replicas import replicas

# A lease's own limit is ten seconds; the rest is for a machine that has other things to do.
HANGS = 15.0  # seconds
CALLERS = 24
REPOSITORIES = 40
LONGEST_LOAD = 60.0  # seconds


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a world with many repositories: a caller's next one is a mint."""
    names = [{"name": f"acme/repo-{number}"} for number in range(REPOSITORIES)]
    with GitHub({"installations": [{"owner": "acme"}], "repositories": names}) as running:
        yield running


@pytest.fixture
def broker(tmp_path: Path, github: GitHub, postgres: Postgres) -> Iterator[Broker]:
    """Return a broker on PostgreSQL."""
    with replicas(tmp_path, github, postgres, 1) as (running,):
        yield running


def patient() -> httpx2.AsyncClient:
    """Return a client that fails when a reply takes longer than it may."""
    return httpx2.AsyncClient(timeout=HANGS, trust_env=False, verify=TRUST)


@dataclass
class Load:
    """Callers who ask without a pause; it keeps what each was answered."""

    broker: Broker
    who: dict[str, str]
    leased: dict[str, str] = field(default_factory=dict)
    refused: list[httpx2.Response] = field(default_factory=list)
    longest: float = 0.0
    is_over: bool = False

    async def run(self, caller: int) -> None:
        """Ask for one repository after the other until it is over."""
        end = time.monotonic() + LONGEST_LOAD
        async with patient() as client:
            number = caller
            while not self.is_over and time.monotonic() < end:
                number += 1
                began = time.monotonic()
                reply = await client.get(
                    f"{self.broker.url}{ROUTE.format('ws-1')}?repo=repo-{number % REPOSITORIES}",
                    headers={**self.who, "X-Request-Id": f"request-{caller}-{number}"},
                )
                self.longest = max(self.longest, time.monotonic() - began)
                self._keep(reply)

    def _keep(self, reply: httpx2.Response) -> None:
        if reply.status_code == 200:
            token = reply.json()["token"]
            self.leased[reply.headers["x-request-id"]] = fingerprint(token)
        else:
            self.refused.append(reply)

    async def goes_on(self) -> None:
        """Return when as many leases more as there are callers have been answered."""
        enough = len(self.leased) + CALLERS
        await asyncio.to_thread(until, lambda: len(self.leased) >= enough)


@pytest.mark.guarantee("journal")
def test_a_restart_under_load_hangs_no_request_and_loses_no_record(
    broker: Broker, postgres: Postgres
) -> None:
    load = Load(broker, broker.workspace("ws-1", {"owner": "acme", "repositories": "ALL"}))

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            for caller in range(CALLERS):
                tasks.create_task(load.run(caller))
            for absence in (1.0, 7.0):  # below and above what a call waits for it
                await load.goes_on()
                await asyncio.to_thread(postgres.stop)
                try:
                    await asyncio.sleep(absence)
                finally:
                    await asyncio.to_thread(postgres.start)
            await load.goes_on()
            load.is_over = True

    asyncio.run(run())
    assert load.longest < HANGS
    assert load.refused
    for reply in load.refused:
        assert_is_told(reply)
    kept = records(broker, "lease")
    on_record = {one["request_id"]: one["fingerprint"] for one in kept}
    assert load.leased.items() <= on_record.items()
    assert len(on_record) == len(kept)


def test_a_lease_whose_database_goes_away_in_the_middle_is_answered_in_time(
    broker: Broker, github: GitHub, postgres: Postgres
) -> None:
    who = broker.workspace("ws-1", {"owner": "acme", "repositories": "ALL"})
    github.fault("mint", delay=1.0)

    async def run() -> list[httpx2.Response]:
        async with patient() as client:
            asked = [
                client.get(f"{broker.url}{ROUTE.format('ws-1')}?repo=repo-{n}", headers=who)
                for n in range(CALLERS)
            ]
            gathered = asyncio.gather(*asked)
            try:
                await asyncio.to_thread(until, lambda: github.stats()["faults"] > 0)
                await asyncio.to_thread(postgres.freeze, frozen=True)
                return await gathered
            finally:
                await asyncio.to_thread(postgres.freeze, frozen=False)

    for reply in asyncio.run(run()):
        assert_is_told(reply)
    reply = broker.ask("GET", ROUTE.format("ws-1"), headers=who)
    assert reply.status_code == 200


def assert_is_told(reply: httpx2.Response) -> None:
    """Assert that *reply* says what is away, and when to come again."""
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "application/problem+json"
    assert 1 <= int(reply.headers["retry-after"]) <= 10
