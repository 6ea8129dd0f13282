"""A workspace that asks in a loop uses up what is its own, and no neighbour's lease fails."""

import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.broker.refusals import MOST
from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker
from tests.support.evidence import Survived
from tests.support.floods import Line, flood, timed
from tests.support.polling import until
from tests.support.siege import FULL

NEIGHBOURS = 20
# More than an App may mint for in a minute; in the short form that is little.
REPOSITORIES, MINTS = (200, 170) if FULL else (40, 60)
LINES = 32 if FULL else 8
ROUNDS = 40 if FULL else 3
ROUTE = "/workspaces/{}/github-installation-token"


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a world with a repository for each."""
    names = [{"name": f"acme/r{number}"} for number in range(REPOSITORIES)]
    names += [{"name": f"acme/n{number}"} for number in range(NEIGHBOURS)]
    with GitHub({"installations": [{"owner": "acme"}], "repositories": names}) as running:
        yield running


@pytest.fixture
def broker(tmp_path: Path, github: GitHub) -> Iterator[Broker]:
    mints = {"GITLEASE_BROKER_MINTS_PER_MINUTE": str(MINTS)}
    with running_broker(tmp_path / "broker", github, **mints) as running:
        yield running


def neighbours(broker: Broker) -> dict[str, dict[str, str]]:
    """Create them, each with a repository of its own; nothing has been minted yet."""
    return {
        f"ws-{number}": broker.workspace(
            f"ws-{number}", {"owner": "acme", "repositories": [f"n{number}"]}
        )
        for number in range(NEIGHBOURS)
    }


def waits(broker: Broker, fleet: dict[str, dict[str, str]], rounds: int) -> list[float]:
    """Let each of *fleet* lease in so many *rounds*; return how long it took, in seconds."""
    lines = {name: Line(broker) for name in fleet}
    taken = []
    for _ in range(rounds):
        for name, who in fleet.items():
            status, seconds = timed(lines[name], ROUTE.format(name), who)
            assert status == 200, name
            taken.append(seconds)
    for line in lines.values():
        line.close()
    return taken


def say(what: str, taken: list[float]) -> None:
    middle, late = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    print(f"{what}: median {middle * 1000:.1f} ms, 99 % within {late * 1000:.0f} ms")


@pytest.mark.parametrize("quota", [None, 50])
def test_leases_in_a_loop_are_nobody_elses_trouble(
    broker: Broker, quota: int | None, survived: Survived
) -> None:
    fleet = neighbours(broker)
    grant = {"owner": "acme", "repositories": ["r1"], "max_per_hour": quota}
    greedy = broker.workspace("greedy", grant)
    waits(broker, fleet, 1)
    say("20 neighbours alone", waits(broker, fleet, ROUNDS))
    with flood(broker, LINES, lambda _: ROUTE.format("greedy"), greedy) as statuses:
        taken = waits(broker, fleet, ROUNDS)
    say(f"beside {LINES} connections that ask in a loop, quota {quota}", taken)
    print(f"  which were answered {dict(statuses)}")
    assert max(taken) < 10
    path = "/admin/journal?kind=refusal&limit=1000"
    kept = broker.ask("GET", path, headers=broker.admin).json()["records"]
    # One in ten seconds, however often it asks: a loop fills no disk.
    assert len(kept) <= (0 if quota is None else 2 + sum(statuses.values()) // 50)
    assert statuses[200] if quota is None else statuses[200] <= quota
    assert set(statuses) <= {200, 429}
    survived("a workspace that asks for leases in a loop")


def test_mints_in_a_loop_are_nobody_elses_trouble(
    broker: Broker, github: GitHub, survived: Survived
) -> None:
    """An App may mint so often a minute, and one workspace wants all of it."""
    fleet = neighbours(broker)
    greedy = broker.workspace("greedy", {"owner": "acme", "repositories": "ALL"})

    def path(number: int) -> str:
        return f"{ROUTE.format('greedy')}?repo=r{number % REPOSITORIES}"

    with flood(broker, LINES, path, greedy) as statuses:
        until(lambda: bool(statuses[429] or statuses[503]), 60)
        taken = waits(broker, fleet, 1)
        taken += waits(broker, fleet, ROUNDS)
    say(f"20 neighbours who need a mint, beside {LINES} connections", taken)
    print(f"  which were answered {dict(statuses)}; mints: {github.stats()['mints']}")
    assert statuses[429]
    assert set(statuses) <= {200, 429}
    survived("a workspace that asks for mints in a loop")


def test_refusals_in_a_loop_are_all_answered_and_do_not_fill_the_journal(
    broker: Broker, survived: Survived
) -> None:
    greedy = broker.workspace("greedy", {"owner": "acme", "repositories": ["r1"]})
    line, path = Line(broker), ROUTE.format("greedy")
    statuses = {timed(line, f"{path}?repo=n{number % 7}", greedy)[0] for number in range(MOST + 40)}
    line.close()
    assert statuses == {403}
    path = "/admin/journal?kind=refusal&limit=1000"
    # A minute may have begun anew meanwhile.
    kept = broker.ask("GET", path, headers=broker.admin).json()["records"]
    assert MOST <= len(kept) < MOST + 40
    survived("a workspace that asks in a loop for what it may not have")
