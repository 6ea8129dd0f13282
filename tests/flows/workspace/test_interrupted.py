"""Ctrl-C reaches git, the helper and its Python at once: all end, and nothing half is left."""

import os
import signal
import subprocess
import time

import pytest

from tests.support.evidence import Survived
from tests.support.polling import until
from tests.support.workspaces import Workspace, password

LIMIT = 30.0  # seconds; they end at once, but the machine may be busy


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGINT] * 3, [signal.SIGTERM]])
def test_a_cold_get_that_is_interrupted_leaves_nothing_half(
    workspace: Workspace, signals: list[signal.Signals], survived: Survived
) -> None:
    """git ends, no record and no temporary file is there, and the next command is answered."""
    workspace.github.fault("mint", delay=120, count=1)
    process = workspace.machine.popen(
        ["git", "ls-remote", "https://github.com/acme/app"],
        env=workspace.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until(lambda: workspace.github.stats()["faults"] == 1)
    for one in signals:
        # To the group, as a terminal sends it.
        os.killpg(process.pid, one)
        time.sleep(0.01)
    _, err = process.communicate(timeout=LIMIT)
    assert process.returncode != 0
    assert b"Traceback" not in err
    assert workspace.cache.names() == []
    # A lock's file may lie there; nobody holds it.
    left = {path.name for path in (workspace.state / "cache").iterdir()}
    assert {name for name in left if not name.startswith(".lock~")} == set()
    workspace.github.clear_faults()
    started = time.monotonic()
    assert password(workspace.ask("acme/app").stdout)
    assert time.monotonic() - started < LIMIT
    survived("Ctrl-C while a token is fetched")


def test_a_hit_that_is_interrupted_leaves_the_record(workspace: Workspace) -> None:
    """Wherever the signal falls: the record is read, never written."""
    first = password(workspace.ask("acme/app").stdout)
    for number in range(12):
        process = workspace.machine.popen(
            ["git", "ls-remote", "https://github.com/acme/app"],
            env=workspace.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(number * 0.01)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=LIMIT)
        assert password(workspace.ask("acme/app").stdout) == first
