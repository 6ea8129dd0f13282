"""A probe sees whether the refresher runs, and what it wrote down about itself."""

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.workspace import daemon, standing
from gitlease.workspace.folders import make_private
from gitlease.workspace.refresher_state import RefresherState, read
from gitlease.workspace.settings import Settings
from gitlease.workspace.standing import Standing
from tests.support import parts


@pytest.fixture
def mine(home: Path) -> Settings:
    settings = parts.settings(home)
    make_private(settings.home)
    make_private(settings.home / "run")
    daemon.marker(settings).touch()
    daemon.pid_file(settings).write_text(f"{os.getpid()}\n")
    return settings


@pytest.fixture
def running(mine: Settings) -> Iterator[Settings]:
    """A home whose PID file is locked, as a living refresher locks it."""
    with daemon.pid_file(mine).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield mine


def seen(settings: Settings) -> RefresherState:
    state = read(settings)
    assert state is not None
    return state


def test_where_none_is_wanted_there_is_no_state(mine: Settings) -> None:
    daemon.marker(mine).unlink()
    assert read(mine) is None


def test_one_that_runs_has_no_problem_even_before_its_first_round(running: Settings) -> None:
    assert seen(running).problem == ""
    standing.write(running, Standing(next_due=time.time() - 60))
    assert seen(running) == RefresherState(os.getpid(), 0.0, 0, "", "")


def test_a_late_one_and_a_failing_one_are_told(running: Settings) -> None:
    standing.write(running, Standing(next_due=time.time() - 3600))
    assert "the refresher is 3600 s late" in seen(running).problem
    error = {"message": "it\nrains", "hint": "wait"}
    later = time.time() + 60
    standing.write(running, Standing(next_due=later, failures_in_a_row=2, last_error=error))
    assert seen(running).problem == r"the refresher failed 2 times: it\nrains; wait"


def test_a_number_without_a_lock_is_a_dead_refresher(mine: Settings) -> None:
    """The number may be somebody else's by now."""
    assert seen(mine).problem == "the refresher is gone; run `gitlease install`, which starts it"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 10_000, '{"failures_in_a_row": 1}'])
def test_a_torn_report_says_nothing(running: Settings, text: str) -> None:
    daemon.status_file(running).write_text(text)
    daemon.status_file(running).chmod(0o600)
    assert seen(running) == RefresherState(os.getpid(), 0.0, 0, "", "")
