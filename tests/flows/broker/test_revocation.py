"""What is taken away at one replica, or by a command, is dead at all of them within a second."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2
import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import TRUST, Broker, running_broker
from tests.support.crowds import ROUTE
from tests.support.replicas import replicas

GRANT = {"owner": "acme", "repositories": ["app"]}
WITHIN = 1.0  # seconds
NAMES = itertools.count()


@dataclass
class Fleet:
    """Several processes on one database; each of *doors* stays with one of them."""

    broker: Broker
    doors: list[httpx2.Client]

    def workspace(self) -> tuple[str, dict[str, str], str]:
        """Create a workspace that every door knows; return its name, header and bearer's id."""
        name = f"ws-{next(NAMES)}"
        who = self.broker.workspace(name, GRANT)
        assert {ask() for ask in self.asks(name, who)} == {200}
        (known,) = self.broker.ask("GET", f"/workspaces/{name}/tokens", headers=who).json()[
            "tokens"
        ]
        return name, who, known["id"]

    def asks(self, name: str, who: dict[str, str]) -> list[Callable[[], int]]:
        """Return for each door what asks there for a lease and returns the status."""

        def at(door: httpx2.Client) -> Callable[[], int]:
            return lambda: door.get(ROUTE.format(name), headers=who).status_code

        return [at(door) for door in self.doors]

    def delete(self, path: str, status: int) -> None:
        """Take something away, through the first door."""
        assert self.doors[0].delete(path, headers=self.broker.admin).status_code == status


@pytest.fixture(scope="module", params=["replicas", "workers"])
def fleet(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Return two replicas on PostgreSQL, or two workers on SQLite that share a port."""
    folder = tmp_path_factory.mktemp("fleet")
    with contextlib.ExitStack() as stack:
        github = stack.enter_context(GitHub())
        if request.param == "replicas":
            server = request.getfixturevalue("postgres")
            brokers = stack.enter_context(replicas(folder, github, server, 2))
        else:
            two = running_broker(folder, github, GITLEASE_BROKER_WORKERS="2")
            # Which worker gets a connection is chance, but not for all of sixteen.
            brokers = [stack.enter_context(two)] * 16
        doors = [
            httpx2.Client(
                base_url=broker.url,
                timeout=20,
                trust_env=False,
                verify=TRUST,
                limits=httpx2.Limits(max_connections=1, keepalive_expiry=None),
            )
            for broker in brokers
        ]
        yield Fleet(brokers[0], [stack.enter_context(door) for door in doors])


def dies(asks: list[Callable[[], int]], taken_at: float) -> None:
    """Ask until all are refused; whoever asks a second after *taken_at* must be."""
    for ask in asks:
        sent, status = time.monotonic(), ask()
        while status != 401:
            assert (status, sent < taken_at + WITHIN) == (200, True)
            sent, status = time.monotonic(), ask()
    assert {ask() for ask in asks} == {401}


def test_a_revoked_bearer_is_dead_there_at_once_and_soon_everywhere(fleet: Fleet) -> None:
    name, who, bearer_id = fleet.workspace()
    asks = fleet.asks(name, who)
    fleet.delete(f"/workspaces/{name}/tokens/{bearer_id}", 204)
    taken_at = time.monotonic()
    assert asks[0]() == 401
    dies(asks, taken_at)


def test_a_removed_workspace_is_refused_there_at_once_and_soon_everywhere(fleet: Fleet) -> None:
    name, who, _ = fleet.workspace()
    asks = fleet.asks(name, who)
    fleet.delete(f"/admin/workspaces/{name}", 200)
    taken_at = time.monotonic()
    assert asks[0]() == 401
    dies(asks, taken_at)


def test_a_bearer_revoked_from_a_shell_is_soon_dead_everywhere(fleet: Fleet) -> None:
    name, who, bearer_id = fleet.workspace()
    fleet.broker.manage("token", "revoke", name, bearer_id)
    dies(fleet.asks(name, who), time.monotonic())
