"""An installation reports each step, repeats without effect, and undoes itself whole."""

import errno
import json
import os
import shutil
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gitlease.model.errors import FolderError
from gitlease.workspace.install import plan
from gitlease.workspace.install.gitconfig import user_config
from gitlease.workspace.install.plan import install, uninstall
from gitlease.workspace.install.report import Line, Report, State
from gitlease.workspace.settings import Settings, load
from tests.support.parts import tree


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "GITLEASE_APP_ID": "123", "GITLEASE_PRIVATE_KEY_FILE": "/k é.pem"}


def states(report: Report) -> dict[str, str]:
    return {line.step: line.state for line in report.lines}


NAMES = ["folders", "settings", "helper", "gh shim", "git"]


def test_everything_is_done_once_and_then_is_already_there(env: dict[str, str]) -> None:
    assert states(install(load(env), env, offline=True)) == dict.fromkeys(NAMES, "done")
    for _ in range(2):
        assert states(install(load(env), env, offline=True)) == dict.fromkeys(NAMES, "already")


def test_nothing_that_is_installed_is_open_to_others(env: dict[str, str]) -> None:
    mine = load(env)
    install(mine, env, offline=True)
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in [mine.home, *mine.home.rglob("*")]}
    assert [path for path, mode in modes.items() if mode & 0o077] == []
    assert modes[mine.helper] == 0o700


def test_removing_puts_back_what_was_there(home: Path, env: dict[str, str]) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = a")
    before = tree(home)
    install(load(env), env, offline=True)
    report = uninstall(load(env), env)
    assert not report.failed
    assert tree(home) == before
    assert not load(env).home.exists()
    assert set(states(uninstall(load(env), env)).values()) == {"already"}


def test_folders_that_were_made_for_ours_go_with_it_and_those_in_use_stay(
    home: Path, env: dict[str, str]
) -> None:
    (home / ".local").mkdir()
    install(load(env), env, offline=True)
    assert load(env).home == home / ".local" / "state" / "gitlease"
    uninstall(load(env), env)
    assert [path.name for path in home.rglob("*")] == [".local"]
    install(load(env), env, offline=True)
    (home / ".local" / "state" / "others").touch()
    uninstall(load(env), env)
    assert (home / ".local" / "state" / "others").exists()


def test_what_a_step_says_is_one_line_whatever_a_file_is_called() -> None:
    assert plan.attempt("git", lambda: ("done", "/a\nb\x1b[2J includes us")) == Line(
        "git", "done", "/a\\nb\\x1b[2J includes us"
    )


def test_a_home_that_cannot_be_removed_though_it_is_empty_holds_nobodys_files(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that is a mount point."""

    def busy(_: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    install(load(env), env, offline=True)
    monkeypatch.setattr(Path, "rmdir", busy)
    said = {line.step: line.text for line in uninstall(load(env), env).lines}
    shutil.rmtree(load(env).home / "shims")
    assert said["folders"].endswith("holds files of yours")
    said = {line.step: line.text for line in uninstall(load(env), env).lines}
    assert said["folders"].endswith("is kept, Device or resource busy")


def test_files_of_a_person_in_our_folder_are_kept(env: dict[str, str]) -> None:
    mine = load(env)
    install(mine, env, offline=True)
    (mine.home / "notes").write_text("mine")
    report = uninstall(mine, env)
    assert not report.failed
    assert tree(mine.home) == {"notes": b"mine"}


def test_a_folder_that_is_open_to_others_is_refused_and_the_rest_goes_on(
    env: dict[str, str],
) -> None:
    mine = load(env)
    mine.home.mkdir(parents=True)
    mine.home.chmod(0o755)
    report = install(mine, env, offline=True)
    line = report.lines[0]
    assert (line.step, line.state) == ("folders", "failed")
    assert f"chmod 700 {mine.home}" in line.text
    assert [line.step for line in report.lines] == NAMES
    assert states(report) == {
        "folders": "failed",
        "settings": "done",
        "gh shim": "skipped",
        "helper": "failed",
        "git": "skipped",
    }


@pytest.mark.parametrize("loose", [".", "bin"])
def test_nothing_that_git_will_believe_is_put_where_others_can_write(
    env: dict[str, str], loose: str
) -> None:
    mine = load(env)
    (mine.home / "bin").mkdir(parents=True)
    for folder in (".", "bin"):
        (mine.home / folder).chmod(0o777 if folder == loose else 0o700)
    found = states(install(mine, env, offline=True))
    assert (found["folders"], found["helper"]) == ("failed", "failed")
    assert not mine.helper.exists()
    assert not user_config(env).exists()


class Broken:
    name = "broken"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def do(self) -> tuple[State, str]:
        raise self._error

    undo = do


class Fine:
    name = "fine"

    def do(self) -> tuple[State, str]:
        return "done", "it is"

    undo = do


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FolderError("loose", hint="chmod it"), "loose; chmod it"),
        (
            PermissionError(13, "Permission denied", "/x"),
            "Permission denied: /x; set HOME or GITLEASE_HOME to",
        ),
        (OSError(30, "Read-only file system"), "Read-only file system; set HOME or GITLEASE_HOME"),
        (OSError(28, "No space left on device"), "No space left on device; free some room"),
        (OSError("odd"), "odd; mend it"),
        (UnicodeDecodeError("utf-8", b"ghs_x", 0, 1, "bad"), "a defect (UnicodeDecodeError)"),
        (RuntimeError("ghs_canary0123"), "a defect (RuntimeError); please report it"),
    ],
)
@pytest.mark.parametrize("act", [partial(install, offline=True), uninstall])
def test_a_failing_step_says_why_and_does_not_stop_the_others(
    env: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Settings, dict[str, str]], Report],
    error: Exception,
    text: str,
) -> None:
    monkeypatch.setattr(plan, "wiring_steps", lambda *_: [Fine(), Broken(error), Fine()])
    monkeypatch.setattr(plan, "serving_steps", lambda *_: [])
    report = act(load(env), env)
    assert [line.state for line in report.lines] == ["done", "failed", "done"]
    assert report.failed
    assert report.lines[1].text.startswith(text)
    assert "canary" not in str(report)


def test_a_report_is_one_line_a_step_and_the_same_for_programs() -> None:
    report = Report((Line("git", "done", "it is"), Line("helper", "failed", "why")))
    assert str(report) == "done    git: it is\nfailed  helper: why"
    assert json.loads(json.dumps(report.as_json())) == {
        "failed": True,
        "steps": [
            {"step": "git", "state": "done", "text": "it is"},
            {"step": "helper", "state": "failed", "text": "why"},
        ],
    }


def test_a_cause_is_said_once_to_a_person_and_each_time_to_a_program() -> None:
    lines = (
        Line("a", "done", "why"),
        Line("b", "failed", "why; cure"),
        Line("c", "failed", "why; cure"),
        Line("d", "failed", "else"),
        Line("b", "failed", "why; cure"),
    )
    assert str(Report(lines)).splitlines()[1:] == [
        "failed  b: why; cure",
        "failed  c: for the same reason as b",
        "failed  d: else",
        "failed  b: why; cure",
    ]
    said = [step["text"] for step in Report(lines).as_json()["steps"]]
    assert said == ["why", "why; cure", "why; cure", "else", "why; cure"]


def test_a_helper_that_was_changed_is_written_anew(env: dict[str, str]) -> None:
    mine = load(env)
    install(mine, env, offline=True)
    whole = mine.helper.read_bytes()
    for change in (
        lambda: mine.helper.write_bytes(b"#!/bin/sh\n"),
        lambda: mine.helper.chmod(0o755),
        mine.helper.unlink,
    ):
        change()
        assert states(install(mine, env, offline=True))["helper"] == "done"
        assert (mine.helper.read_bytes(), mine.helper.stat().st_mode & 0o777) == (whole, 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_strangers_folder_is_neither_used_nor_removed(env: dict[str, str]) -> None:
    mine = load(env)
    mine.home.mkdir(parents=True, mode=0o700)
    (mine.home / "cache").mkdir()
    os.chown(mine.home, 12345, 12345)
    assert states(install(mine, env, offline=True))["folders"] == "failed"
    assert states(uninstall(mine, env))["folders"] == "failed"
    assert (mine.home / "cache").is_dir()


def test_a_folder_that_became_a_link_is_not_followed_when_removing(
    home: Path, env: dict[str, str]
) -> None:
    mine = load(env)
    install(mine, env, offline=True)
    (home / "precious").mkdir()
    (home / "precious" / "file").write_text("mine")
    (mine.home / "log").rmdir()
    (mine.home / "log").symlink_to(home / "precious")
    uninstall(mine, env)
    assert (home / "precious" / "file").read_text() == "mine"
