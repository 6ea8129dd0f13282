"""Very many ask at once: GitHub is asked once for each scope, and each lease is on record."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support.brokers import Broker, running_broker
from tests.support.crowds import all_at_once, lease_of
from tests.support.journals import records
from tests.support.postgres import Postgres
from tests.support.replicas import replicas

SCOPES = 10
CALLERS = 1000


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a world with a repository for each scope."""
    names = [{"name": f"acme/repo-{number}"} for number in range(SCOPES)]
    with GitHub({"installations": [{"owner": "acme"}], "repositories": names}) as running:
        yield running


def storm(brokers: Sequence[Broker], github: GitHub, scopes: int, callers: int) -> None:
    """Let *callers* ask cold *brokers* in turn for *scopes* at once; judge all that is left."""
    who = [
        brokers[0].workspace(f"ws-{n}", {"owner": "acme", "repositories": [f"repo-{n}"]})
        for n in range(scopes)
    ]
    # Numbers of callers and brokers have no factor in common with one another's turns, so that
    # every broker is asked for every scope.
    turns = [(number % scopes, number // scopes % len(brokers)) for number in range(callers)]
    calls = [
        lease_of(brokers[where], f"ws-{scope}", who[scope], f"request-{number}")
        for number, (scope, where) in enumerate(turns)
    ]
    replies = all_at_once(calls)
    assert Counter(reply.status for reply in replies) == {200: callers}
    assert github.stats()["mints"] == scopes
    leases = {f"request-{n}": reply.said["token"] for n, reply in enumerate(replies)}
    kept = records(brokers[-1], "lease")
    assert len(kept) == callers
    assert {one["request_id"]: one["fingerprint"] for one in kept} == {
        request_id: fingerprint(token) for request_id, token in leases.items()
    }
    names = {one["request_id"]: one["workspace_id"] for one in kept}
    assert names == {f"request-{n}": f"ws-{scope}" for n, (scope, _) in enumerate(turns)}


@pytest.mark.guarantee("one-fetch")
def test_a_cold_broker_mints_once_for_each_scope(broker: Broker, github: GitHub) -> None:
    storm([broker], github, SCOPES, CALLERS)


@pytest.mark.guarantee("one-fetch")
def test_three_replicas_mint_once_for_each_scope(
    tmp_path: Path, github: GitHub, postgres: Postgres
) -> None:
    with replicas(tmp_path, github, postgres, 3) as brokers:
        storm(brokers, github, SCOPES, CALLERS)


@pytest.mark.guarantee("one-fetch")
def test_workers_mint_once_for_one_scope_and_count_together(tmp_path: Path, github: GitHub) -> None:
    with running_broker(tmp_path, github, GITLEASE_BROKER_WORKERS="3") as broker:
        storm([broker], github, 1, 200)
        # Each reading is answered by one worker, whichever it is.
        for text in {broker.ask("GET", "/metrics").text for _ in range(8)}:
            assert leased(text) == 200


def leased(metrics: str) -> float:
    """Return how many leases the page *metrics* counts."""
    lines = (line.split() for line in metrics.splitlines() if not line.startswith("#"))
    return sum(float(value) for name, value in lines if name.startswith("gitlease_leases_total"))
