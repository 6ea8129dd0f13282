"""What a round leaves for the next one and for probes, and when that comes."""

import json
from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.workspace import daemon, standing
from gitlease.workspace.refresher import run_round
from tests.support.parts import settings
from tests.support.refreshing import ACME, Gh, House


@pytest.fixture
def house(home: Path) -> House:
    return House(home)


def test_how_it_stands_is_kept_for_the_next_round_and_for_probes(ready: House) -> None:
    house = ready
    rest = settle(house)
    path = house.settings.home / "run" / "status.json"
    now = house.clock().wall
    assert rest == 2280
    assert json.loads(path.read_text()) == {
        "last_success": now,
        "next_due": now + 2280,
        "failures_in_a_row": 0,
        "last_error": None,
        "pid": 7,
        "version": "0.1.0",
    }
    assert (path.stat().st_mtime, path.stat().st_mode & 0o777) == (now + 2280, 0o600)


def settle(house: House, gh: Gh | None = None) -> int:
    done = house.round(gh)
    now = house.clock().wall
    return standing.settle(house.settings, done, now, pid=7, draw=lambda _, high: high)


@pytest.fixture
def ready(house: House) -> House:
    daemon.pid_file(house.settings).parent.mkdir(parents=True)
    house.settings.home.chmod(0o700)
    house.put(ACME)
    return house


def test_failures_are_counted_and_retried_less_often_until_one_succeeds(ready: House) -> None:
    settle(ready)
    first = standing.read(ready.settings).last_success
    ready.clock.advance(2280)
    ready.spring.failure = errors.UnreachableError("no route to ghs_canary", hint="mend it")
    rests = []
    for _ in range(4):
        rests.append(settle(ready))
        ready.clock.advance(rests[-1])
    found = standing.read(ready.settings)
    assert rests == [30, 60, 120, 240]
    assert (found.failures_in_a_row, found.last_success) == (4, first)
    assert found.last_error == {"message": "no route to [redacted]", "hint": "mend it"}
    ready.spring.failure = None
    assert settle(ready) == 2280
    found = standing.read(ready.settings)
    assert (found.failures_in_a_row, found.last_error) == (0, None)
    assert found.last_success == ready.clock().wall


def test_who_says_how_long_to_wait_is_not_asked_before(ready: House) -> None:
    ready.clock.advance(2280)
    ready.spring.failure = errors.RateLimitedError("slow down", retry_after=200)
    assert settle(ready) == 200


def test_the_longest_pause_may_be_set(ready: House) -> None:
    ready.settings = settings(ready.settings.home.parent, refresh_interval=600)
    assert settle(ready) == 600


def test_before_anything_is_configured_it_looks_every_half_minute(home: Path) -> None:
    mine = settings(home, broker_url="https://broker", configs_dir=home)
    done = run_round(mine, {})
    assert (done.waiting, done.next_in, done.error) == (True, 30, None)
    (home / ".auth_token").write_text("bearer")
    mine = settings(home, broker_url="http://127.0.0.1:1", configs_dir=home)
    assert not run_round(mine, {}).waiting


@pytest.mark.parametrize("text", ["", "{", "[]", '{"last_success": "x"}', "null"])
def test_a_standing_that_is_spoilt_is_a_beginners(ready: House, text: str) -> None:
    path = daemon.status_file(ready.settings)
    path.write_text(text)
    path.chmod(0o600)
    assert standing.read(ready.settings) == standing.Standing()
    assert settle(ready) == 2280
