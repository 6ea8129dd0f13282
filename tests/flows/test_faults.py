"""Whatever is wrong with a wire: an answer in time, in one line, and nothing lost that works."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import running_broker
from tests.support.environment import CHECKOUT, STARTED_IN
from tests.support.evidence import Survived
from tests.support.faulty.faults import NAMES, WIRES
from tests.support.faulty.table import Row, write
from tests.support.faulty.ways import ROWS, WAYS, Parts
from tests.support.machines import Machine
from tests.support.postgres import server

# `make faults` names the page that gets all of it.
PAGE = STARTED_IN.get("GITLEASE_TEST_FAULTS", "")
AT_ONCE = 6


def chosen() -> list[tuple[str, str]]:
    """Return what a normal run tries: each fault, in one way after the other."""
    ways = itertools.cycle(WAYS)
    return [
        next((way, fault) for way in ways if (way, fault) in ROWS) for fault in (*WIRES, *NAMES)
    ]


@pytest.fixture
def parts(machine: Machine, tmp_path: Path) -> Iterator[Parts]:
    with (
        GitHub() as github,
        server() as postgres,
        running_broker(tmp_path / "broker", github) as broker,
    ):
        yield Parts(machine, tmp_path, github, broker, postgres)


def play(parts: Parts, way: str, fault: str) -> Row:
    """Make *fault* in the *way*; see that the answers are what they must be."""
    with WAYS[way](parts, fault in NAMES) as scene:
        token = scene.prepare()
        with scene.trouble(fault):
            absent, cached = scene.during()
        row = Row(way, fault, absent, cached, scene.recovery())
        scene.check(absent)
        scene.check_kept(token, cached)
        return row


@pytest.mark.parametrize("machine", ["host"], indirect=True)
@pytest.mark.guarantee("renewal")
@pytest.mark.first
@pytest.mark.timeout(900)
def test_whatever_is_wrong_with_a_wire_the_answer_comes_in_time(
    parts: Parts, survived: Survived
) -> None:
    rows = ROWS if PAGE else chosen()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {row: pool.submit(play, parts, *row) for row in rows}
    failed = {row: repr(one.exception()) for row, one in begun.items() if one.exception()}
    assert failed == {}
    for way, fault in rows:
        survived(f"{fault}, from {way}")
    if PAGE:
        write(CHECKOUT / PAGE, [one.result() for one in begun.values()])
