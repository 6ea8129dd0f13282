"""A broker's processes: what runs is finished, and none outlives the one that was started."""

import concurrent.futures
import contextlib
from pathlib import Path

import httpx2

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker
from tests.support.crowds import ROUTE, Reply, all_at_once, lease_of
from tests.support.journals import story
from tests.support.polling import until

APP = {"owner": "acme", "repositories": ["app"]}
CALLERS = 40


def test_sigterm_lets_every_worker_finish_what_runs(tmp_path: Path, github: GitHub) -> None:
    with running_broker(tmp_path, github, GITLEASE_BROKER_WORKERS="2") as broker:
        who = broker.workspace("ws-1", APP)
        calls = [lease_of(broker, "ws-1", who, f"request-{n}") for n in range(CALLERS)]
        github.fault("mint", delay=2.0)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(all_at_once, calls)
            until(lambda: story(broker).count("intent") == CALLERS)
            assert broker.stop() == 0
            replies: list[Reply] = running.result(60)
        assert {reply.status for reply in replies} == {200}
    assert github.stats()["mints"] == 1
    with running_broker(tmp_path, github) as broker:
        assert story(broker).count("lease") == CALLERS


def test_no_worker_outlives_a_killed_broker(tmp_path: Path, github: GitHub) -> None:
    """Its address is free for the next start, and what it leased is served on."""
    with running_broker(tmp_path, github, GITLEASE_BROKER_WORKERS="2") as broker:
        who = broker.workspace("ws-1", APP)
        first = broker.ask("GET", ROUTE.format("ws-1"), headers=who)
        broker.process.kill()
        broker.process.wait(20)
        until(lambda: not answers(broker))
    port = broker.url.rpartition(":")[2]
    with running_broker(tmp_path, github, GITLEASE_BROKER_PORT=port) as again:
        assert again.url == broker.url
        second = again.ask("GET", ROUTE.format("ws-1"), headers=who)
    assert second.json()["token"] == first.json()["token"]


def answers(broker: Broker) -> bool:
    with contextlib.suppress(httpx2.TransportError):
        return broker.ask("GET", "/healthz").is_success
    return False
