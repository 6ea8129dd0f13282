"""What a power cut, or a person with an editor, leaves of our files: nothing, NULs, or a half."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlease.workspace.settings import load
from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.evidence import Survived, Tried
from tests.support.loops import end_all
from tests.support.workspaces import Workspace, password

pytestmark = HOST_ONLY

OURS = (
    "cache/github.com~acme",
    "cache/.lock~github.com~acme",
    "run/status.json",
    "run/refresher.pid",
    "run/refresher.wanted",
    "run/python-path",
    "log/gitlease.log",
    "gitconfig",
    "bin/gitlease-refresher",
    "shims/gh",
)
CUTS: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda data: data[:0],
    "NULs": lambda data: bytes(len(data) or 64),
    "halved": lambda data: data[: len(data) // 2],
}


def cut(home: Path, how: str) -> None:
    for name in OURS:
        path = home / name
        if path.is_file():
            mode, data = path.stat().st_mode & 0o777, path.read_bytes()
            path.write_bytes(CUTS[how](data))
            path.chmod(mode)


@pytest.mark.parametrize("how", CUTS)
def test_whatever_is_left_of_our_files_git_is_served_and_an_installation_mends_it(
    bare_workspace: Workspace, how: str, survived: Survived
) -> None:
    """Each file is cut at once with all others, and the helper asked before anything is mended."""
    workspace = bare_workspace
    workspace.env["GITLEASE_GH_OWNER"] = "acme"
    workspace.gitlease("install", "--strict")
    end_all(workspace.state)
    cut(workspace.state, how)
    ran = workspace.ask("acme/app")
    assert password(ran.stdout) is not None, ran.stderr
    assert ran.stderr == b""
    status = workspace.gitlease("status", check=False)
    assert status.returncode in {1, 2}
    assert b"gitlease install" in status.stdout
    workspace.gitlease("install", "--strict")
    assert workspace.gitlease("status", check=False).returncode == 0
    assert workspace.git("ls-remote", "-q", "https://github.com/acme/app").stderr == b""
    end_all(workspace.state)
    survived(f"a power cut that leaves our files {how}")


@pytest.mark.guarantee("scope")
@pytest.mark.parametrize("how", CUTS)
def test_settings_that_are_lost_never_widen_a_token(
    bare_workspace: Workspace, how: str, tried: Tried
) -> None:
    """What narrows it stood there alone: rather no token than one that may do more."""
    workspace = bare_workspace
    workspace.gitlease("install", "--offline", "--strict")
    path = workspace.state / "settings.toml"
    path.write_text(path.read_text() + 'permissions = {contents = "read", metadata = "read"}\n')
    workspace.gitlease("install", "--offline", "--strict")
    assert load({**workspace.env, "GITLEASE_HOME": str(workspace.state)}).permissions
    whole = path.read_bytes()
    assert password(workspace.ask("acme/app").stdout) is not None
    path.write_bytes(CUTS[how](whole))
    # The token that is there was narrowed, and serves on.
    assert password(workspace.ask("acme/app").stdout) is not None
    (workspace.state / "cache" / "github.com~acme").unlink()
    mints = workspace.github.stats()["mints"]
    for data in (CUTS[how](whole), whole[:-4], b"\xff\xfe"):
        path.write_bytes(data)
        ran = workspace.ask("acme/app")
        assert password(ran.stdout) is None
        [line] = ran.stderr.splitlines()
        assert b"settings.toml" in line
        assert b"correct it or remove it" in line
        ran = workspace.gitlease("token", "--owner", "acme", check=False)
        assert (ran.returncode, ran.stdout) == (2, b"")
    path.write_bytes(whole)
    # Nor do settings that are not believed since a person has opened the folder.
    workspace.state.chmod(0o777)
    [line] = workspace.gitlease("token", "--owner", "acme", check=False).stderr.splitlines()
    assert b"chmod 700" in line
    workspace.state.chmod(0o700)
    assert workspace.github.stats()["mints"] == mints
    assert password(workspace.ask("acme/app").stdout) is not None
    tried("settings files that were cut", 3)


def test_files_from_the_future_and_from_long_ago_change_nothing(
    workspace: Workspace, survived: Survived
) -> None:
    """A clock that was wrong for a while has dated them; a token's own end is what counts."""
    first = password(workspace.ask("acme/app").stdout)
    paths = [path for path in workspace.state.rglob("*") if path.is_file() and "~" not in path.name]
    for moment in (0.0, time.time() + 4e8):
        for path in paths:
            os.utime(path, (moment, moment))
        assert password(workspace.ask("acme/app").stdout) == first
        assert workspace.gitlease("status", check=False).returncode in {0, 1}
    workspace.age("github.com~acme", 3700)
    record = workspace.cache.folder / "github.com~acme"
    os.utime(record, (time.time() + 4e8, time.time() + 4e8))
    assert password(workspace.ask("acme/app").stdout) not in {None, first}
    survived("files dated in the future")
