"""Where files cannot be locked, all goes on unlocked: slower for GitHub, never worse for git."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.evidence import Survived
from tests.support.loops import end_all, started_for, wait_for
from tests.support.no_locks import preload
from tests.support.workspaces import Workspace, password

pytestmark = HOST_ONLY


@pytest.fixture(params=["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def unlocked(request: pytest.FixtureRequest, bare_workspace: Workspace) -> Iterator[Workspace]:
    """A workspace all of whose programs cannot lock a file."""
    bare_workspace.env |= preload(bare_workspace.machine.folder(), request.param)
    bare_workspace.env["GITLEASE_GH_OWNER"] = "acme"
    yield bare_workspace
    end_all(bare_workspace.state)


def loops(workspace: Workspace) -> list[int]:
    """Return the refreshers that run for *workspace*."""
    found = started_for(workspace.state)
    return sorted(pid for pid, words in found.items() if " loop" in words)


def test_git_has_its_tokens_and_there_is_one_refresher(
    unlocked: Workspace, survived: Survived
) -> None:
    unlocked.gitlease("install", "--strict")
    assert unlocked.git("ls-remote", "-q", "https://github.com/acme/app").stderr == b""
    [first] = loops(unlocked)
    # Whoever comes later finds it by its number.
    assert b"already refresher" in unlocked.gitlease("install", "--strict").stdout
    assert loops(unlocked) == [first]
    assert unlocked.gitlease("status").returncode == 0
    # A killed one is missed, and the number in the file names nobody any more.
    os.kill(first, signal.SIGKILL)
    unlocked.age("github.com~acme", 3700)
    assert password(unlocked.ask("acme/app").stdout) is not None
    wait_for(lambda: bool(set(loops(unlocked)) - {first}))
    unlocked.gitlease("uninstall")
    assert loops(unlocked) == []
    survived("a file system without locks")


def test_each_of_a_crowd_is_answered(unlocked: Workspace) -> None:
    """Several may ask GitHub then, which is better than none."""
    unlocked.gitlease("install", "--offline", "--strict")
    asked = b"protocol=https\nhost=github.com\npath=acme/app\n\n"
    crowd = [
        unlocked.machine.popen(
            [unlocked.helper, "get"],
            env=unlocked.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    answers = [one.communicate(asked, 60) for one in crowd]
    assert all(password(out) is not None and err == b"" for out, err in answers), answers
