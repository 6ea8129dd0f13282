"""What takes minutes to make is made once, whole or not at all."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from tools import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITLEASE_DEV_CACHE", str(tmp_path))
    return tmp_path


def build(target: Path) -> None:
    with (target.parent / "builds").open("a") as builds:
        builds.write("x")
    (target / "part").write_text("1")
    time.sleep(0.1)
    (target / "whole").write_text("2")


def ask(recipe: str) -> None:
    assert (cache.kept("thing", recipe, build) / "whole").exists()


def test_many_who_ask_at_once_cause_one_build(folder: Path) -> None:
    asking = [multiprocessing.Process(target=ask, args=("r",)) for _ in range(4)]
    for process in asking:
        process.start()
    for process in asking:
        process.join(30)
    assert [process.exitcode for process in asking] == [0] * 4
    assert (folder / "builds").read_text() == "x"


def test_a_changed_recipe_makes_a_new_one_beside_the_old(folder: Path) -> None:
    old, new = (cache.kept("thing", recipe, build) for recipe in ("old", "new"))
    assert old.is_dir()
    assert new.is_dir()
    assert old != new
    assert cache.kept("thing", "new", build) == new
    assert (folder / "builds").read_text() == "xx"


def test_a_failed_build_leaves_nothing_that_is_taken_for_whole(folder: Path) -> None:
    def fail(target: Path) -> None:
        (target / "part").write_text("1")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        cache.kept("thing", "r", fail)
    made = cache.kept("thing", "r", build)
    assert sorted(file.name for file in made.iterdir()) == ["part", "whole"]
    assert [file.name for file in folder.glob("*.part")] == []


def test_what_nobody_used_for_a_week_goes_when_another_is_made() -> None:
    old = cache.kept("thing", "old", build)
    long_ago = time.time() - cache.UNUSED_FOR - 60
    os.utime(old, (long_ago, long_ago))
    cache.kept("thing", "new", build)
    assert not old.exists()
