"""The helper is written only if it, and the Python behind it, can be started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gitlease
from gitlease.model.errors import GitleaseError
from gitlease.workspace.install import programs
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.plan import install
from gitlease.workspace.install.programs import Programs
from gitlease.workspace.settings import Settings, load
from tests.support.parts import settings


@pytest.fixture
def mine(home: Path) -> Settings:
    made = settings(home)
    Folders(made).do()
    return made


@pytest.mark.parametrize(
    ("where", "why"),
    [("app.pyz/gitlease", "can't (open|find)"), ("empty", "can't (open|find)")],
)
def test_a_python_that_cannot_find_us_is_a_failure_with_a_cure(
    mine: Settings, home: Path, monkeypatch: pytest.MonkeyPatch, where: str, why: str
) -> None:
    """As in a zipapp, which only the process that opened it can import from."""
    Programs(mine).do()
    whole = mine.helper.read_bytes()
    (home / "app.pyz").write_bytes(b"PK")
    monkeypatch.setattr(gitlease, "__file__", str(home / where / "__init__.py"))
    with pytest.raises(GitleaseError, match=rf"cannot be started \(.*{why}.*\); install gitlease"):
        Programs(mine).do()
    assert mine.helper.read_bytes() == whole


@pytest.mark.parametrize("python", ["", "/nowhere/python3", "/bin/true", "/bin/false"])
def test_a_python_that_is_none_is_a_failure(
    mine: Settings, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(GitleaseError, match="cannot be started"):
        Programs(mine).do()
    assert not mine.helper.exists()


def test_a_python_that_hangs_is_waited_for_and_then_a_failure(
    mine: Settings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = home / "python3"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(slow))
    monkeypatch.setattr(programs, "LIMIT", 0.1)
    with pytest.raises(GitleaseError, match="no answer within"):
        Programs(mine).do()


def test_without_a_helper_git_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")
    env = {"HOME": str(home)}
    report = install(load(env), env, offline=True)
    assert [line.state for line in report.lines] == ["done", "done", "failed", "skipped", "skipped"]
    assert not (home / ".gitconfig").exists()


def test_a_file_system_without_programs_is_named(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(GitleaseError, match=r"noexec\); set GITLEASE_HOME"):
        Programs(mine).do()


def test_the_folders_of_the_packages_are_noted_for_us_alone(mine: Settings) -> None:
    Programs(mine).do()
    noted = mine.home / "run" / "python-path"
    assert noted.stat().st_mode & 0o777 == 0o600
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import jwt, os; print(os.path.dirname(os.path.dirname(jwt.__file__)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() in noted.read_text().splitlines()
