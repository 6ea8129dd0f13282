"""
`make bench`: measure against the budgets, print the table, and write it as JSON.

The goals are printed, never asserted.  Exit: 0 measured, 1 something did not run or answered
wrongly, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tools.bench import machine, table
from tools.bench.chapters import CHAPTERS
from tools.bench.effort import FULL, QUICK
from tools.bench.program import BenchError

if TYPE_CHECKING:
    from tools.bench.effort import Effort
    from tools.bench.figure import Row

LIMIT = 1800  # seconds; whatever hangs is a failure


def measure(effort: Effort) -> dict[str, list[Row]]:
    """Return the rows of all chapters by their titles; raises `BenchError`."""
    found: dict[str, list[Row]] = {}
    for chapter in CHAPTERS:
        rows = found.setdefault(chapter.title, [])
        for run in chapter.runs:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="gitlease-bench-") as folder:
                rows += run(Path(folder) / "run", effort)
            print(f"bench: {time.monotonic() - began:5.1f} s: {run.__doc__}", file=sys.stderr)
    return found


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few rounds: does it work at all?")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE")
    parser.add_argument(
        "--journal", type=int, default=0, metavar="RECORDS", help="longer than usual: 10000000"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(LIMIT)
    about = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **machine.describe()}
    try:
        found = measure(_effort(arguments.quick, arguments.journal))
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print("\n".join(table.lines([row for rows in found.values() for row in rows])))
    rows = [{"chapter": title, **row.as_json()} for title, rows in found.items() for row in rows]
    report = {"quick": arguments.quick, "machine": about, "rows": rows}
    arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _effort(quick: bool, journal: int) -> Effort:
    effort = QUICK if quick else FULL
    longer = (journal,) if journal > effort.journal[-1] else ()
    return dataclasses.replace(effort, journal=effort.journal + longer)


def _give_up(*_: object) -> NoReturn:
    raise BenchError(f"something hangs: not done after {LIMIT} s")


if __name__ == "__main__":
    sys.exit(main())
