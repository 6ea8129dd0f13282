"""The step of the refresher does, repeats and undoes itself; only what it installed is wanted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.model.errors import FolderError
from gitlease.workspace import daemon
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.refresher import Refresher
from gitlease.workspace.settings import Settings
from tests.support.gates import crowd
from tests.support.loops import end_all
from tests.support.parts import settings


@pytest.fixture
def mine(home: Path) -> Iterator[Settings]:
    made = settings(home)
    Folders(made).do()
    yield made
    end_all(made.home)


def test_it_is_done_once_and_then_runs_already(mine: Settings) -> None:
    step = Refresher(mine, {})
    assert step.do()[0] == "done"
    pid = daemon.is_running(mine)
    assert step.do() == ("already", f"process {pid} runs")
    assert daemon.marker(mine).exists()
    assert mine.refresher.stat().st_mode & 0o777 == 0o700
    assert step.undo() == ("done", "it has ended")
    assert daemon.is_running(mine) is None
    assert not daemon.marker(mine).exists()
    assert step.undo() == ("already", f"{mine.refresher} is not there")


def test_one_that_has_died_is_removed_all_the_same(mine: Settings) -> None:
    step = Refresher(mine, {})
    step.do()
    daemon.stop(mine)
    assert step.undo() == ("done", "it did not run")
    assert not mine.refresher.exists()


def test_nothing_of_it_is_open_to_others(mine: Settings) -> None:
    Refresher(mine, {}).do()
    found = [mine.home, *mine.home.rglob("*")]
    assert [path for path in found if path.stat().st_mode & 0o077] == []


def test_in_a_folder_of_others_nothing_is_started(mine: Settings) -> None:
    mine.home.chmod(0o777)
    with pytest.raises(FolderError):
        Refresher(mine, {}).do()
    assert daemon.is_running(mine) is None
    assert not mine.refresher.exists()


def test_without_a_home_there_is_nothing_to_undo(mine: Settings) -> None:
    shutil.rmtree(mine.home)
    assert Refresher(mine, {}).undo()[0] == "already"


INSTALL = """
import os, sys
from pathlib import Path
from gitlease.workspace.install.refresher import Refresher
from gitlease.workspace.settings import Settings
go()
print(Refresher(Settings(Path(sys.argv[1])), os.environ).do()[0])
"""


@pytest.mark.parametrize("older", [False, True], ids=["none before", "an older one runs"])
def test_many_installers_at_once_leave_one_and_none_fails(mine: Settings, *, older: bool) -> None:
    if older:
        Refresher(mine, {}).do()
        mine.refresher.write_text(mine.refresher.read_text() + "# of another version\n")
    before = daemon.is_running(mine)
    said = crowd(INSTALL, mine.home, size=20)
    assert sorted(said) == ["already"] * 19 + ["done"]
    assert daemon.is_running(mine) not in {None, before}
