"""A refresher in the foreground is as much the only one as one that was started beside."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.workspace import daemon, loops
from tests.support.loops import Loop, children, end_all, wait_for
from tests.support.parts import settings

BECOME = """
import os, sys
from pathlib import Path
from gitlease.workspace import daemon
from gitlease.workspace.settings import Settings
free = int(sys.argv[2])
while os.open("/dev/null", os.O_RDONLY) < free - 1: pass
daemon.become(Settings(Path(sys.argv[1])), os.environ)
"""


@pytest.fixture
def loop(home: Path) -> Iterator[Loop]:
    made = Loop(settings(home))
    yield made
    end_all(made.settings.home)


@pytest.mark.parametrize("free", [8, 9, 10])
def test_it_holds_its_lock_whichever_descriptors_its_caller_has_open(loop: Loop, free: int) -> None:
    """An entrypoint may have some, and the lock has a number of its own among them."""
    command = [sys.executable, "-c", BECOME, str(loop.settings.home), str(free)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(lambda: loop.rounds == 1)
            assert daemon.is_running(loop.settings) == process.pid
        finally:
            process.terminate()


def test_to_end_it_by_force_ends_nothing_else_of_a_container(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first process and all that it starts in the background are one group of processes."""
    deaf = loop.settings.refresher.read_text().replace("exit 0' HUP INT TERM", "' HUP INT TERM")
    loop.settings.refresher.write_text(deaf)
    monkeypatch.setattr(daemon, "PATIENCE", 1.0)
    script = '"$0" -c "$1" "$2" 0 & read -r _; echo "still here"'
    entrypoint = subprocess.Popen(
        ["/bin/sh", "-c", script, sys.executable, BECOME, str(loop.settings.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        wait_for(lambda: loop.rounds == 1)
        assert loop.pid is not None
        assert os.getpgid(loop.pid) == entrypoint.pid
        assert daemon.stop(loop.settings)
        assert entrypoint.communicate(b"\n", timeout=30)[0] == b"still here\n"
    finally:
        entrypoint.kill()
        entrypoint.wait()


def test_to_wake_it_wakes_nothing_else_of_a_container(loop: Loop) -> None:
    """Who has suspended a program beside it wants that to stay so."""
    script = 'sleep 77777 & "$0" -c "$1" "$2" 0 & wait'
    entrypoint = subprocess.Popen(
        ["/bin/sh", "-c", script, sys.executable, BECOME, str(loop.settings.home)],
        start_new_session=True,
    )
    try:
        wait_for(lambda: loop.rounds == 1)
        [beside] = [pid for pid, words in children(entrypoint.pid) if words == "sleep 77777"]
        os.kill(beside, signal.SIGSTOP)
        wait_for(lambda: state(beside) == "T")
        loops.send(loop.pid or 0, signal.SIGCONT, loop.settings.refresher)
        loops.send(loop.pid or 0, signal.SIGUSR1, loop.settings.refresher)
        wait_for(lambda: loop.rounds == 2)
        assert state(beside) == "T"
    finally:
        os.killpg(entrypoint.pid, signal.SIGKILL)
        entrypoint.wait()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
