"""What the refresher wrote down about itself is told, and nothing it may have torn is believed."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from gitlease.workspace.folders import make_private
from gitlease.workspace.refresher_state import RefresherState, read
from gitlease.workspace.settings import Settings
from tests.support import parts


@pytest.fixture
def mine(home: Path) -> Settings:
    settings = parts.settings(home)
    make_private(settings.home)
    make_private(settings.home / "run")
    put(settings, "refresher.wanted", "")
    put(settings, "refresher.pid", f"{os.getpid()}\n")
    return settings


def put(settings: Settings, name: str, text: str) -> None:
    path = settings.home / "run" / name
    path.write_text(text)
    path.chmod(0o600)


def seen(settings: Settings) -> RefresherState:
    state = read(settings)
    assert state is not None
    return state


def test_where_none_is_wanted_there_is_no_state(mine: Settings) -> None:
    (mine.home / "run" / "refresher.wanted").unlink()
    assert read(mine) is None


def test_one_that_runs_has_no_problem_even_before_its_first_round(mine: Settings) -> None:
    assert seen(mine).problem == ""
    put(mine, "status.json", json.dumps({"next_due": time.time() - 60, "failures_in_a_row": 0}))
    assert seen(mine).problem == ""


def test_a_late_one_and_a_failing_one_are_told(mine: Settings) -> None:
    put(mine, "status.json", json.dumps({"next_due": time.time() - 3600}))
    assert "the refresher is 3600 s late" in seen(mine).problem
    error = {"message": "it\nrains", "hint": "wait"}
    put(mine, "status.json", json.dumps({"failures_in_a_row": 2, "last_error": error}))
    assert seen(mine).problem == r"the refresher failed 2 times: it\nrains; wait"


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "9" * 30, "\xff", "1 2"])
def test_a_number_that_names_no_process_is_a_dead_refresher(mine: Settings, text: str) -> None:
    put(mine, "refresher.pid", text)
    assert seen(mine).pid is None


def test_a_process_that_has_ended_is_a_dead_refresher(mine: Settings) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    put(mine, "refresher.pid", str(ended.pid))
    assert seen(mine).problem == "the refresher is gone; run `gitlease install`, which starts it"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"next_due": "x", "failures_in_a_row": [], "last_error": 3}',
        '{"next_due": NaN, "failures_in_a_row": Infinity}',
        '{"failures_in_a_row": true}',
        '{"failures_in_a_row": 1' + "0" * 400 + "}",
    ],
)
def test_a_torn_report_says_nothing(mine: Settings, text: str) -> None:
    put(mine, "status.json", text)
    assert seen(mine) == RefresherState(os.getpid(), 0.0, 0, "", "")
