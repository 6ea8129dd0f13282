"""The refresher's loop with a stub in Python's place, which notes rounds and does as it is told."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gitlease.workspace import daemon
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.settings import Settings
from gitlease.workspace.shell import templates

# What runs as a round: what it finds is noted, what it shall do is read.
STUB = """\
#!/bin/sh
umask >>'{home}/umasks'
ls -l /proc/$$/fd >'{home}/descriptors' 2>/dev/null
echo "$*" >>'{home}/rounds'
. '{home}/act'
"""
# Descriptor 9 and no terminal, as gitlease starts it.
TAKE_LOCK = 'exec 9<&0 </dev/null; exec "$@"'


def wait_for(true: Callable[[], bool], limit: float = 30.0) -> None:
    """Wait until *true* returns True; fail after *limit* seconds."""
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@dataclass
class Loop:
    """A refresher whose rounds are a stub's; `act` is the sh code of a round."""

    settings: Settings

    def __post_init__(self) -> None:
        Folders(self.settings).do()
        stub = self.settings.home / "python"
        stub.write_text(STUB.format(home=self.settings.home))
        stub.chmod(0o700)
        self.act("echo 99999")
        main = self.settings.home / "main.py"
        text = templates.refresher(self.settings, python=str(stub), main=main)
        self.settings.refresher.write_text(text)
        self.settings.refresher.chmod(0o700)

    def act(self, code: str) -> None:
        """Let rounds do *code* from now on."""
        act = self.settings.home / "act"
        # Whole or not at all: a round may be reading it.
        new = act.with_name("act.new")
        new.write_text(code + "\n")
        new.replace(act)

    @property
    def rounds(self) -> int:
        """How many rounds there were."""
        noted = self.settings.home / "rounds"
        return len(noted.read_text().splitlines()) if noted.exists() else 0

    @property
    def pid(self) -> int | None:
        """The process id of the loop that holds the lock."""
        return daemon.is_running(self.settings)

    def is_free(self) -> bool:
        """Tell whether nobody holds the lock."""
        return self.pid is None

    @contextmanager
    def running(self, shell: list[str], delay: str = "0") -> Iterator["subprocess.Popen[bytes]"]:
        """Run the loop under *shell* until the context ends; it has begun when this yields."""
        path = daemon.pid_file(self.settings)
        with path.open("w+b") as lock:
            path.chmod(0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = subprocess.Popen(
                ["sh", "-c", TAKE_LOCK, "sh", *shell, self.settings.refresher, "loop", delay],
                stdin=lock,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            wait_for(lambda: self.pid == process.pid)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def end_all(home: Path) -> None:
    """End whatever was started for our folder *home*, also what a killed loop has left asleep."""
    for pid in started_for(home):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def end_below(folder: Path) -> None:
    """End the refresher of every home of ours below *folder*."""
    for file in list(folder.rglob("refresher.pid")):
        end_all(file.parent.parent)


def started_for(home: Path) -> dict[int, str]:
    """Return what runs for our folder *home*: process ids and command lines."""
    mark, found = b"GITLEASE_HOME=" + os.fsencode(home), {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found[int(entry.name)] = b" ".join(words).decode().strip()
    return found


def ended(pid: int) -> bool:
    """Tell whether process *pid* has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def children(pid: int) -> list[tuple[int, str]]:
    """Return the children of the process *pid*: their ids and command lines."""
    found = []
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if not ended(int(child)):
                found.append((int(child), b" ".join(words).decode().strip()))
    return found
