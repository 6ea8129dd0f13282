"""The helper that every user's git runs leads to that user's own, and to nobody else's."""

import os
import subprocess
from pathlib import Path

import pytest

from gitlease.workspace.shell.templates import system_helper

PLACES = [
    ("GITLEASE_HOME", "", "bin"),
    ("XDG_STATE_HOME", "gitlease", "bin"),
    ("HOME", ".local/state/gitlease", "bin"),
]


@pytest.fixture
def program(home: Path) -> Path:
    path = home / "helper"
    path.write_text(system_helper(python="/not/there", main=Path("/not/there")))
    path.chmod(0o755)
    return path


def own_helper(folder: Path) -> Path:
    path = folder / "git-credential-gitlease"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\necho own $1\n")
    path.chmod(0o700)
    return path


def ask(program: Path, **env: str) -> str:
    ran = subprocess.run(
        [program, "get"], env=env, input=b"", capture_output=True, check=True, timeout=20
    )
    assert ran.stderr == b""
    return ran.stdout.decode()


@pytest.mark.parametrize(("variable", "below", "folder"), PLACES)
def test_a_users_own_helper_is_found_where_gitlease_puts_it(
    program: Path, home: Path, variable: str, below: str, folder: str
) -> None:
    own_helper(home / "x" / below / folder)
    assert ask(program, **{variable: str(home / "x")}) == "own get\n"


def test_without_one_nothing_is_said(program: Path, home: Path) -> None:
    assert ask(program) == ""
    assert ask(program, HOME=str(home), GITLEASE_HOME="relative", XDG_STATE_HOME="x") == ""


def test_somebody_elses_helper_is_not_run(program: Path, home: Path) -> None:
    helper = own_helper(home / "g" / "bin")
    if os.geteuid() == 0:
        os.chown(helper, 65534, 65534)
        assert ask(program, GITLEASE_HOME=str(home / "g")) == ""
        helper.unlink()
    (home / "other").write_text("#!/bin/sh\necho other\n")
    (home / "other").chmod(0o700)
    helper.unlink(missing_ok=True)
    helper.symlink_to(home / "other")
    assert ask(program, GITLEASE_HOME=str(home / "g")) == ""
