"""Whatever is wrong with a wire: an answer in time, in one line, and nothing lost that works."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import running_broker
from tests.support.environment import STARTED_IN
from tests.support.evidence import Survived
from tests.support.faults import FAULTS
from tests.support.faulty_scene import SLACK, WAYS, Answer, Parts
from tests.support.machines import Machine
from tests.support.postgres import server

# A file for the whole table: `make faults`.
RECORD = STARTED_IN.get("GITLEASE_TEST_FAULTS", "")
# In a normal run each fault is made in one place or two, by lot.
SHORT = 9


@dataclass(frozen=True)
class Row:
    """What one fault in one place did."""

    way: str
    fault: str
    absent: Answer
    cached: Answer
    recovered: float


@pytest.fixture
def parts(machine: Machine, tmp_path: Path) -> Iterator[Parts]:
    with (
        GitHub() as github,
        server() as postgres,
        running_broker(tmp_path / "broker", github) as broker,
    ):
        yield Parts(machine, tmp_path, github, broker, postgres)


def play(parts: Parts, way: str, fault: str) -> Row:
    with WAYS[way](parts) as scene:
        token = scene.prepare()
        with scene.wire.trouble(FAULTS[fault]):
            absent, cached = scene.during()
        row = Row(way, fault, absent, cached, scene.recovery())
        still = {token, scene.workspace.record("github.com~acme").token.secret.reveal()}
        assert cached.token in still, row
        for answer in (absent, cached):
            assert answer.seconds < scene.limit + SLACK, row
            assert len(answer.lines) <= 1, row
        assert absent.token is not None or len(absent.lines) == 1, row
        return row


@pytest.mark.parametrize("machine", ["host"], indirect=True)
@pytest.mark.guarantee("renewal")
@pytest.mark.timeout(900)
def test_whatever_is_wrong_with_a_wire_the_answer_comes_in_time(
    parts: Parts, survived: Survived
) -> None:
    rows = [(way, fault) for way in WAYS for fault in FAULTS]
    if not RECORD:
        rows = random.sample(rows, SHORT)
    with ThreadPoolExecutor(6) as pool:
        begun = {row: pool.submit(play, parts, *row) for row in rows}
    for row, one in begun.items():
        print(row, one.exception() or one.result())
    failed = {row: repr(one.exception()) for row, one in begun.items() if one.exception()}
    assert failed == {}
    for way, fault in rows:
        survived(f"{way}: {fault}")
    if RECORD:
        done = [one.result() for one in begun.values()]
        Path(RECORD).write_text(json.dumps([row.__dict__ for row in done], default=vars))
