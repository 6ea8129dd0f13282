"""Commits are the App's, however gitlease was started and whoever runs git."""

import os

import pytest

from tests.support.ordinary_user import AS_USER, give
from tests.support.workspaces import Workspace

HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)
BOT = b"gitlease-demo[bot]\n"


@HOST_ONLY
def test_the_command_that_we_become_commits_as_the_app(bare_workspace: Workspace) -> None:
    """The refresher finds out who that is; nobody has to install anything besides."""
    bare_workspace.env["GITLEASE_GH_OWNER"] = "acme"
    command = ["sh", "-c", "sleep 0.5; git config user.name"]
    ran = bare_workspace.gitlease("run", "--identity", "--wait", "30", "--", *command)
    assert (ran.stdout, ran.stderr) == (BOT, b"")


@HOST_ONLY
@pytest.mark.skipif(os.geteuid() != 0, reason="only root wires every user's git")
def test_every_users_git_can_read_what_the_systems_includes(bare_workspace: Workspace) -> None:
    """One that may not read an included file ends with an error, whatever it is asked."""
    machine = bare_workspace.machine
    system = machine.folder()
    bare_workspace.env |= {
        "GIT_CONFIG_NOSYSTEM": "0",
        "GIT_CONFIG_SYSTEM": str(system / "gitconfig"),
        "GITLEASE_GH_OWNER": "acme",
        "GITLEASE_SYSTEM_DIR": str(system / "ours"),
    }
    bare_workspace.gitlease("install", "--strict", "--scope", "system", "--identity")
    system.chmod(0o755)
    theirs = machine.folder()
    give(theirs)
    env = {**bare_workspace.env, "HOME": str(theirs)}
    ran = machine.run([*AS_USER, "git", "config", "user.name"], env=env, cwd=theirs)
    assert ran.stdout == BOT
    bare_workspace.gitlease("uninstall")
    assert [path.name for path in system.iterdir()] == []
