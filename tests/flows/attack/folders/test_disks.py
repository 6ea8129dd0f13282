"""A disk without room or without a free inode, and a folder that goes away while we run."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.disks import fill, small_file_system
from tests.support.evidence import Survived
from tests.support.loops import end_all, started_for, wait_for
from tests.support.workspaces import Workspace, password

pytestmark = [HOST_ONLY, pytest.mark.guarantee("renewal")]

ACME = "github.com~acme"
ROOM = {"bytes": "size=256k,mode=700", "inodes": "size=4m,nr_inodes=60,mode=700"}


def use_up(folder: Path, what: str) -> None:
    """Take the last of *what*."""
    if what == "bytes":
        fill(folder)
        return
    count = 0
    try:
        while True:
            (folder / f".filler.{count}").touch()
            count += 1
    except OSError:
        assert count


@pytest.mark.parametrize("what", ROOM)
def test_a_full_disk_takes_no_token_away_and_keeps_nobody_from_a_new_one(
    bare_workspace: Workspace, what: str, survived: Survived
) -> None:
    """What is there is served without a word, and what cannot be kept with one line."""
    workspace = bare_workspace
    home = workspace.machine.folder()
    workspace.env["GITLEASE_HOME"] = str(home)
    with small_file_system(home, ROOM[what]):
        workspace.gitlease("install", "--offline", "--strict")
        kept = password(workspace.ask("acme/app").stdout)
        # Or `erase` would wait for GitHub's replicas.
        workspace.age(ACME)
        use_up(home, what)
        assert password(workspace.ask("acme/app").stdout) == kept
        old = workspace.record(ACME).token
        rejected = f"protocol=https\nhost=github.com\npath=acme/app\npassword={kept}\n\n"
        ran = workspace.gitlease("token", "--owner", "acme", "--min-ttl", "3599.9")
        assert ran.stdout.startswith(b"ghs_")
        [line] = ran.stderr.splitlines()
        assert b"is not kept (No space left on device); free space" in line
        assert workspace.record(ACME).token.fingerprint == old.fingerprint
        for words in (("refresh",), ("status",)):
            ran = workspace.gitlease(*words, check=False)
            assert b"a defect" not in ran.stdout + ran.stderr
        ran = workspace.machine.run(
            [workspace.helper, "erase"], env=workspace.env, input=rejected.encode()
        )
        assert ran.stderr == b""
        report = workspace.gitlease("install", "--offline").stdout
        assert b"a defect" not in report
        for filler in home.glob(".filler*"):
            filler.unlink()
        workspace.gitlease("install", "--offline", "--strict")
        assert password(workspace.ask("acme/app").stdout) is not None
    survived(f"a disk without free {what}")


def test_a_folder_that_goes_away_ends_the_refresher_and_comes_back_with_an_installation(
    bare_workspace: Workspace, survived: Survived
) -> None:
    workspace = bare_workspace
    workspace.gitlease("install", "--strict", "--offline")
    workspace.gitlease("run", "--wait", "30", "--", "true")
    loops = [pid for pid, words in started_for(workspace.state).items() if " loop" in words]
    assert loops
    # At once, and not file by file beside a refresher that writes there.
    shutil.rmtree(workspace.state.rename(workspace.state.with_name("gone")), ignore_errors=True)
    for pid in loops:
        os.kill(pid, signal.SIGUSR1)
    wait_for(lambda: not started_for(workspace.state))
    ran = workspace.git("ls-remote", "-q", "https://github.com/acme/app", check=False)
    assert ran.returncode != 0
    assert not workspace.state.exists()
    # Who needs no helper is served, and git too as soon as somebody starts us again.
    assert workspace.gitlease("token", "--owner", "acme").stdout.startswith(b"ghs_")
    workspace.gitlease("install", "--strict", "--offline")
    assert workspace.git("ls-remote", "-q", "https://github.com/acme/app").stderr == b""
    end_all(workspace.state)
    survived("our folder removed while it is used")


def test_a_folder_of_another_device_in_ours_is_used_as_it_is(
    workspace: Workspace, survived: Survived
) -> None:
    """Nothing is renamed across file systems: each file is made where it will be."""
    for name in ("cache", "run", "log"):
        (workspace.state / name).chmod(0o700)
    with (
        small_file_system(workspace.state / "cache", "size=1m,mode=700"),
        small_file_system(workspace.state / "run", "size=1m,mode=700"),
    ):
        workspace.gitlease("install", "--offline", "--strict")
        first = password(workspace.ask("acme/app").stdout)
        assert first is not None
        workspace.age(ACME, 3700)
        assert password(workspace.ask("acme/app").stdout) not in {None, first}
        end_all(workspace.state)
    survived("a cache on a device of its own")
