"""A refresher in the foreground is as much the only one as one that was started beside."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.workspace import daemon
from tests.support.loops import Loop, end_all, wait_for
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
