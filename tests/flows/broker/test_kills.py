"""The broker is killed (kill -9) in the middle of a lease, and started again on what is left."""

import concurrent.futures
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from tests.support import stopping_broker
from tests.support.brokers import Broker, running_broker
from tests.support.crowds import ROUTE, Call, Reply, all_at_once, lease_of
from tests.support.journals import records
from tests.support.polling import until
from tests.support.replicas import database_env
from tests.support.stopping_broker import order

# Step: what kinds of records it leaves, how many mints, and where the next start has the token.
STEPS: dict[str, tuple[list[str], int, str]] = {
    "nothing is written": ([], 0, "mint"),
    "the intent is committed": (["intent"], 0, "mint"),
    "GitHub has minted": (["intent"], 1, "mint"),
    "the token is stored": (["intent"], 1, "store"),
    "the end is written, not committed": (["intent"], 1, "store"),
    "the end is committed": (["intent", "lease"], 1, "store"),
    "a lease of what was at hand is committed": (["intent", "lease", "lease"], 1, "store"),
}

# A start costs seconds, so on PostgreSQL only those where its commits are what matters.
ON_POSTGRESQL = ("the intent is committed", "the end is written, not committed")
SCOPES = 40


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return a world with a repository for each scope."""
    names = [{"name": f"acme/repo-{number}"} for number in range(SCOPES)]
    with GitHub({"installations": [{"owner": "acme"}], "repositories": names}) as running:
        yield running


@pytest.mark.guarantee("journal")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_kill_at_any_step_leaves_no_lease_without_a_record_and_no_record_of_none(
    tmp_path: Path, github: GitHub, database: str, request: pytest.FixtureRequest
) -> None:
    env, steps = dict(stopping_broker.ENV), list(STEPS)
    if database == "postgresql":
        env |= database_env(tmp_path, request.getfixturevalue("postgres"))
        steps = [step for step in STEPS if step in ON_POSTGRESQL]
    killed: list[tuple[str, dict[str, str], int]] = []
    for number, step in enumerate(steps):
        with running_broker(tmp_path, github, stopping_broker.PROGRAM, **env) as broker:
            who = workspace(broker, number)
            before = github.stats()["mints"]
            if "at hand" in step:
                lease(broker, number, who)
            assert_stops(broker, tmp_path, step, number, who)
            broker.kill()
            killed.append((step, who, github.stats()["mints"] - before))
    with running_broker(tmp_path, github, **env) as broker:
        for number, (step, who, minted) in enumerate(killed):
            left, mints, source = STEPS[step]
            kept = story(broker, number)
            assert (step, [one["kind"] for one in kept], minted) == (step, left, mints)
            token = lease(broker, number, who)
            leases = [one for one in story(broker, number) if one["kind"] == "lease"]
            assert (step, leases[-1]["source"]) == (step, source)
            # So what stood there before the kill was no other token than GitHub's.
            assert {one["fingerprint"] for one in leases} == {fingerprint(token)}


def assert_stops(broker: Broker, folder: Path, step: str, number: int, who: dict[str, str]) -> None:
    """Ask for a lease, and return when it stands at *step*."""
    order(folder, step)
    call = lease_of(broker, f"ws-{number}", who, f"request-{number}")
    pool = concurrent.futures.ThreadPoolExecutor(1)
    running = pool.submit(all_at_once, [call])
    pool.shutdown(wait=False)
    until(lambda: stopping_broker.has_stopped(folder) or running.done())
    assert (step, running.done()) == (step, False)


def workspace(broker: Broker, number: int) -> dict[str, str]:
    return broker.workspace(f"ws-{number}", {"owner": "acme", "repositories": [f"repo-{number}"]})


def lease(broker: Broker, number: int, who: dict[str, str]) -> str:
    reply = broker.ask("GET", ROUTE.format(f"ws-{number}"), headers=who)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["token"])


def story(broker: Broker, number: int) -> list[dict[str, object]]:
    """Return the records of leases to that workspace."""
    kept = records(broker)
    return [one for one in kept if one["workspace_id"] == f"ws-{number}" and one["kind"] != "admin"]


@pytest.mark.guarantee("journal")
def test_a_kill_at_any_moment_loses_no_record_of_a_lease_that_left(
    tmp_path: Path, github: GitHub
) -> None:
    everyone: list[dict[str, str]] = []
    left: dict[str, str] = {}
    for turn in range(2):
        with running_broker(tmp_path, github) as broker:
            cold = range(turn * SCOPES // 2, (turn + 1) * SCOPES // 2)
            everyone += [workspace(broker, number) for number in cold]
            calls = [
                lease_of(broker, f"ws-{number}", everyone[number], f"request-{number}-{n}")
                for n in range(5)
                for number in cold
            ]
            replies = killed_in(broker, github, calls, mints=(turn + 1) * 6)
        for call, reply in zip(calls, replies, strict=True):
            assert reply.status in {0, 200}
            if reply.status:
                left[call.headers["X-Request-Id"]] = fingerprint(reply.said["token"])
    with running_broker(tmp_path, github) as broker:
        kept = records(broker, "lease")
        on_record = {one["request_id"]: one["fingerprint"] for one in kept}
        assert left.items() <= on_record.items()
        assert len(on_record) == len(kept)
        # Every token on record is a real one: it is found again.
        served = {fingerprint(lease(broker, n, who)) for n, who in enumerate(everyone)}
        assert set(on_record.values()) <= served


def killed_in(broker: Broker, github: GitHub, calls: Sequence[Call], mints: int) -> list[Reply]:
    """Send *calls* and kill *broker* after so many *mints*; return what came back until then."""
    enough = github.stats()["mints"] + mints
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(all_at_once, calls)
        until(lambda: github.stats()["mints"] >= enough)
        broker.kill()
        return running.result(60)
