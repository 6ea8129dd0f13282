"""
`make bench`: measure against the budgets, print the table, and write it as JSON.

The goals are printed, never asserted.  Exit: 0 measured, 1 something did not run or answered
wrongly, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tools.bench import hits, idle, leases, machine, misses, replicas, storm, table
from tools.bench.effort import FULL, QUICK
from tools.bench.program import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tools.bench.effort import Effort
    from tools.bench.figure import Row

LIMIT = 900  # seconds; whatever hangs is a failure
# Each chapter gets a folder of its own that does not exist yet.
CHAPTERS: Sequence[Callable[[Path, Effort], Iterator[Row]]] = (
    hits.against_c,
    hits.against_bash,
    hits.against_gh,
    hits.as_it_grows,
    misses.rows,
    misses.from_broker,
    misses.start_up,
    leases.rows,
    storm.rows,
    replicas.rows,
    idle.at_rest,
)


def measure(effort: Effort) -> list[Row]:
    """Return the rows of all chapters; raises `BenchError`."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="gitlease-bench-") as folder:
        for number, chapter in enumerate(CHAPTERS):
            print(f"bench: {chapter.__doc__}", file=sys.stderr)
            found += chapter(Path(folder) / str(number), effort)
    return found


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few rounds: does it work at all?")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE")
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(LIMIT)
    about = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **machine.describe()}
    try:
        rows = measure(QUICK if arguments.quick else FULL)
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print("\n".join(table.lines(rows)))
    report = {"quick": arguments.quick, "machine": about, "rows": [row.as_json() for row in rows]}
    arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _give_up(*_: object) -> NoReturn:
    raise BenchError(f"something hangs: not done after {LIMIT} s")


if __name__ == "__main__":
    sys.exit(main())
