"""
Look at the processes of a run as long as it lasts: what they were started with.

Run as ``python -m tests.support.leaks.sampler PID FOLDER``; PID is the process that runs the
tests, FOLDER has the ledgers.  It ends when its stdin does.
"""

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.leaks.eyes import saw_process
from tests.support.leaks.ledger import Ledger, use

PAUSE = 0.1  # seconds
_HOMES = b"\0HOME=/tmp/gitlease-"


class Family:
    """All processes below *root*, also those that have lost their parents since."""

    def __init__(self, root: int, folder: Path) -> None:
        self._folder = folder
        # A process, and the child of the root through which it came: one of the run's workers.
        self._workers: dict[int, int] = {root: 0}
        self._strangers: set[int] = set()
        self._seen: dict[int, bytes] = {}

    def look(self) -> None:
        """See every process of the family that is new, or has become another program."""
        running = {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208
        self._strangers &= running
        for gone in self._workers.keys() - running:
            del self._workers[gone]
            self._seen.pop(gone, None)
        for pid in sorted(running - self._strangers):
            if self._is_ours(pid):
                self._look_at(pid)
            elif pid != os.getpid():
                self._strangers.add(pid)

    def _is_ours(self, pid: int) -> bool:
        if pid in self._workers:
            return True
        parent = _parent(pid)
        if parent not in self._workers:
            # A daemon: its parent was gone before we looked.
            if _HOMES not in b"\0" + _read(pid, "environ"):
                return False
            self._workers[pid] = 0
            return True
        self._workers[pid] = self._workers[parent] or pid
        return True

    def _look_at(self, pid: int) -> None:
        argv = _read(pid, "cmdline")
        if not argv or self._seen.get(pid) == argv:
            return
        self._seen[pid] = argv
        env = dict(_variables(_read(pid, "environ")))
        words = [os.fsdecode(word) for word in argv.rstrip(b"\0").split(b"\0")]
        saw_process(words, env, self._test(self._workers[pid]))

    def _test(self, worker: int) -> str:
        for file in self._folder.glob(f"{worker or '*'}.now"):
            return file.read_text(encoding="utf-8")
        return ""


def _parent(pid: int) -> int:
    try:
        return int(_read(pid, "stat").rpartition(b")")[2].split()[1])
    except IndexError:
        return -1


def _read(pid: int, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - ten times a second
            return file.read()
    except OSError:
        return b""


def _variables(environ: bytes) -> Iterator[tuple[str, str]]:
    for line in environ.split(b"\0"):
        name, has_value, value = line.partition(b"=")
        if has_value:
            yield os.fsdecode(name), os.fsdecode(value)


def main() -> None:
    """Look again and again, until stdin ends."""
    root, folder = int(sys.argv[1]), Path(sys.argv[2])
    use(Ledger(folder))
    family = Family(root, folder)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        family.look()


if __name__ == "__main__":
    main()
