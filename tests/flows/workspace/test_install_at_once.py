"""Fifty installers in one home: a container that starts everything it has at the same moment."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.loops import end_all, started_for, wait_for
from tests.support.workspaces import Workspace

SIZE = 50
USER = "[user]\n\tname = A Person\n\temail = a@example.com\n"
HELPER = "credential.https://github.com.helper="


@contextmanager
def watched(workspace: Workspace) -> Iterator[list[subprocess.CompletedProcess[bytes]]]:
    """Ask git again and again what it is configured with; yield what it says in the end."""
    seen: list[subprocess.CompletedProcess[bytes]] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            words = ("config", "--global", "--includes", "--list")
            seen.append(workspace.git(*words, check=False))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


@HOST_ONLY
def test_fifty_at_once_leave_what_one_would(bare_workspace: Workspace) -> None:
    """One include, one token, one refresher; and git has a valid config at every moment."""
    config = bare_workspace.home / ".gitconfig"
    config.write_text(USER)
    bare_workspace.env["GITLEASE_GH_OWNER"] = "acme"
    command = [bare_workspace.machine.gitlease, "install", "--strict"]
    try:
        with watched(bare_workspace) as seen:
            many = [
                bare_workspace.machine.popen(command, env=bare_workspace.env, stdout=-1, stderr=-1)
                for _ in range(SIZE)
            ]
            ended = [(*one.communicate(timeout=240), one.returncode) for one in many]
        assert [one for one in ended if one[1:] != (b"", 0)] == []
        for look in seen:
            said = look.stdout.decode()
            assert (look.returncode, look.stderr) == (0, b"")
            assert said.startswith("user.name=A Person\nuser.email=a@example.com\n")
            # Included is what is there already, and whole.
            assert said.count(HELPER) == 2 * said.count("include.path=")
        assert len(seen) > 2
        text = config.read_text()
        assert text.startswith(USER)
        assert text.count("path = ") == 1
        assert bare_workspace.github.stats()["mints"] == 1
        wait_for(lambda: len(loops_of(bare_workspace)) == 1)
        bare_workspace.gitlease("uninstall")
        assert config.read_text() == USER
        assert loops_of(bare_workspace) == []
        assert list(bare_workspace.home.glob(".gitconfig?*")) == []
    finally:
        end_all(bare_workspace.state)


def loops_of(workspace: Workspace) -> list[int]:
    return [pid for pid, words in started_for(workspace.state).items() if " loop " in words]
