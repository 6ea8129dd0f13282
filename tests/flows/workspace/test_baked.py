"""An image in which root has installed us, with the HOME of the user that it runs as."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support.machines import Machine
from tests.support.ordinary_user import AS_USER, UID

Run = Callable[..., "CompletedProcess[bytes]"]


@pytest.fixture
def home(machine: Machine) -> Path:
    return machine.folder()


@pytest.fixture
def run(machine: Machine, home: Path, wheel: Path) -> Run:
    """Return a function that runs a program as that user; root has been there before."""
    place = machine.folder()
    place.chmod(0o755)
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(place)
    env = {"HOME": str(home), "PYTHONPATH": str(place)}
    build = ["/usr/bin/python3", "-m", "gitlease", "install", "--offline", "--strict"]
    machine.run(build, env=env)
    os.chown(home, UID, UID)

    def run_it(*words: str, **more: str) -> CompletedProcess[bytes]:
        said = {**env, **more}
        return machine.run([*AS_USER, *words], env=said, cwd=home, check=False)

    return run_it


GITLEASE = ["/usr/bin/python3", "-m", "gitlease"]
DEBIAN13 = pytest.mark.parametrize("machine", ["debian13"], indirect=True)


@DEBIAN13
def test_git_lives_on_without_us_where_it_may_not_read_our_file(run: Run) -> None:
    """Every git command would stop with `Permission denied`; a start takes the include out."""
    assert b"Permission denied" in run("git", "config", "--list").stderr
    ran = run(*GITLEASE, "run", "--", "git", "config", "--list")
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert b"gitlease: git: failed: " in ran.stderr
    # One cause, one cure.
    assert b"gitlease: helper: failed: for the same reason as " in ran.stderr
    assert b"belongs to user 0, not to us (65534); set GITLEASE_HOME to a folder" in ran.stderr


@DEBIAN13
def test_the_user_hears_what_is_wrong_and_the_cure_works(run: Run, home: Path) -> None:
    status = run(*GITLEASE, "status")
    assert (status.returncode, status.stderr) == (2, b"")
    assert b"belongs to user 0, not to us (65534); set GITLEASE_HOME to a folder" in status.stdout
    assert run(*GITLEASE, "doctor").stdout.count(b"[folder]") == 1
    # Nothing here is this user's to remove; that is a report too.
    removal = run(*GITLEASE, "uninstall")
    assert (removal.returncode, removal.stderr) == (1, b"")
    mine = {"GITLEASE_HOME": str(home / "mine")}
    assert run(*GITLEASE, "install", "--offline", "--strict", **mine).returncode == 0
    assert f"{home}/mine".encode() in run("git", "config", "--list").stdout
    assert run(*GITLEASE, "uninstall", **mine).returncode == 0
    assert not (home / ".gitconfig").exists()
