"""Rows for what stays in memory between two rounds of the refresher, and what it does there."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.workspace import daemon
from gitlease.workspace.install.refresher import Refresher
from tools.bench import rivals
from tools.bench.figure import Goal, Row
from tools.bench.program import BenchError
from tools.bench.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.bench.effort import Effort

BASH_DAEMON = Path(__file__).with_name("bash_daemon.bash")
LIMIT = 30.0  # seconds until a daemon has to be asleep


def at_rest(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure the memory and the wake-ups of the refresher at rest, and a bash daemon's memory."""
    if not Path("/proc/self/smaps").exists():
        return
    workspace = Workspace(folder)
    step = Refresher(workspace.settings, {"PATH": os.defpath, "HOME": str(folder)})
    state, text = step.do()
    try:
        pid = daemon.is_running(workspace.settings)
        if not pid:
            raise BenchError(f"the refresher: {state}, {text}")
        ours = _asleep(pid)
        family = [pid, *_children(pid)]
        before = sum(map(_wake_ups, family))
        time.sleep(effort.at_rest)
        woken = sum(map(_wake_ups, family)) - before
        if [pid, *_children(pid)] != family:
            raise BenchError("the refresher's processes changed while it was at rest")
    finally:
        step.undo()
    yield Row("idle refresher, PSS", "", round(ours, 2), Goal("<=", 0.85), unit="MB")
    yield Row("idle refresher, processes", "", len(family), Goal("<=", 2))
    yield Row(f"idle refresher, wake-ups in {effort.at_rest:g} s", "", woken, Goal("==", 0))
    bash = rivals.shell("bash")
    if bash is not None:
        share = round(ours / _of_bash(folder, bash), 2)
        yield Row("idle refresher, PSS", "bash daemon (stand-in)", share, Goal("<=", 0.5))


def _of_bash(folder: Path, bash: list[str]) -> float:
    with subprocess.Popen(
        [*bash, str(BASH_DAEMON)],
        env={"PATH": os.defpath, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return _asleep(process.pid)
        finally:
            os.killpg(process.pid, 15)
            process.kill()


def _asleep(pid: int) -> float:
    """Wait until the daemon *pid* does nothing but sleep; return what both take, in MB."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        found = _children(pid)
        if len(found) == 1 and _words(found[0])[0].endswith(b"sleep"):
            return (_share(pid) + _share(found[0])) / 1024
        time.sleep(0.05)
    raise BenchError(f"process {pid} is not asleep after {LIMIT:.0f} s")


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wake_ups(pid: int) -> int:
    """Return how often *pid* has gone to sleep so far.  Source: proc(5), `status`."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return [b""]


def _share(pid: int) -> int:
    """
    Return the memory of *pid* in KiB: its share (PSS), but its program's own text whole.

    So it is in a container where nobody else runs that shell; where twenty do, as on a machine
    that tests, the bare share would praise whichever is run by most.  Source: proc(5), `smaps`.
    """
    program, total, own = str(Path(f"/proc/{pid}/exe").readlink()), 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(":")
        if " " in name:
            own = line.endswith(program)
        elif name == ("Rss" if own else "Pss"):
            total += int(rest.split()[0])
    return total
