"""A FIFO, a folder or a device where we expect a file, be it by mistake: git waits for nothing."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.evidence import Tried
from tests.support.harm import BELONGINGS
from tests.support.loops import end_all
from tests.support.strangers import as_root
from tests.support.workspaces import Workspace, password

pytestmark = [HOST_ONLY, as_root]

# What an installation or a miss reads or writes in our folder, and whether git has its token then.
FILES = (
    "settings.toml",
    "gitconfig",
    "cache/github.com~acme",
    "cache/.lock~github.com~acme",
    "cache/.failed~github.com~acme",
    "run/status.json",
    "run/refresher.pid",
    "run/refresher.wanted",
    "run/refresher.next",
    "run/python-path",
    "run/gh.lock",
    "log/gitlease.log",
    "bin/gitlease-refresher",
    "shims/gh",
)
# /dev/zero never ends, and a terminal may take us over.
KINDS: dict[str, Callable[[Path], None]] = {
    "FIFO": lambda path: os.mkfifo(path, 0o600),
    "folder": lambda path: path.mkdir(mode=0o700),
    "device": lambda path: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5)),
}


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.fixture
def served(bare_workspace: Workspace) -> Iterator[Workspace]:
    """A workspace with everything in it, also what only a refresher makes."""
    workspace = bare_workspace
    workspace.env["GITLEASE_GH_OWNER"] = "acme"
    workspace.gitlease("install", "--strict")
    end_all(workspace.state)
    yield workspace
    end_all(workspace.state)


@pytest.mark.parametrize("kind", KINDS)
def test_git_has_its_token_whatever_stands_in_a_files_place(
    served: Workspace, kind: str, tried: Tried
) -> None:
    """
    In the place of all of them at once, after a hit and for a miss: what cannot be read is not
    there, and what cannot be written is not kept.
    """
    for name in FILES:
        path = served.state / name
        remove(path)
        KINDS[kind](path)
    before = served.github.stats()["mints"]
    ran = served.ask("acme/app")
    assert password(ran.stdout) is not None, ran.stderr
    assert len(ran.stderr.splitlines()) <= 2
    assert b"a defect" not in ran.stderr
    assert served.github.stats()["mints"] == before + 1
    for words in (("status",), ("install", "--offline"), ("refresh", "--print-next")):
        ran = served.gitlease(*words, check=False)
        assert ran.returncode in {0, 1, 2}
        assert b"a defect" not in ran.stdout + ran.stderr
        assert b"Traceback" not in ran.stdout + ran.stderr
    for name in FILES:
        remove(served.state / name)
    served.gitlease("install", "--offline", "--strict")
    assert served.git("ls-remote", "-q", "https://github.com/acme/app").stderr == b""
    tried(f"files with a {kind} in their place", len(FILES))


@pytest.mark.parametrize("kind", KINDS)
def test_a_users_own_file_of_another_kind_is_left_and_named(
    bare_workspace: Workspace, kind: str, tried: Tried
) -> None:
    """gh's files, git's and the App's key: nobody waits for them, and they are what they were."""
    workspace = bare_workspace
    workspace.env["GITLEASE_GH_OWNER"] = "acme"
    own = [workspace.home / name for name in (*list(BELONGINGS)[:3], "key.pem", "secret")]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        KINDS[kind](path)
    modes = [path.lstat().st_mode for path in own]
    for words in (("install",), ("status",), ("refresh",), ("uninstall",)):
        ran = workspace.gitlease(*words, check=False)
        assert b"a defect" not in ran.stdout + ran.stderr
        assert b"Traceback" not in ran.stdout + ran.stderr
        if words == ("install",):
            assert b"failed  git: " in ran.stdout
    workspace.env["GITLEASE_PRIVATE_KEY_FILE"] = str(workspace.home / "key.pem")
    [line] = workspace.gitlease("token", check=False).stderr.splitlines()
    assert b"key.pem" in line
    del workspace.env["GITLEASE_PRIVATE_KEY_FILE"]
    workspace.env |= {
        "GITLEASE_BROKER_URL": "http://127.0.0.1:1",
        "GITLEASE_WORKSPACE_ID": "ws-1",
        "GITLEASE_CONFIGS_DIR": str(workspace.home),
        "GITLEASE_ENROLMENT_SECRET_FILE": str(workspace.home / "secret"),
    }
    [line] = workspace.gitlease("token", check=False).stderr.splitlines()
    assert b"secret" in line
    KINDS[kind](workspace.home / ".auth_token")
    [line] = workspace.gitlease("token", check=False).stderr.splitlines()
    assert b".auth_token" in line
    assert [path.lstat().st_mode for path in own] == modes
    tried(f"a user's files with a {kind} in their place", len(own) + 1)
