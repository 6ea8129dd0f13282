"""Ask Python what its imports cost."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.bench.program import Program


def imported(program: Program) -> float:
    """
    Return the seconds that *program*, a Python command line, spends on imports.

    Source: `-X importtime`, whose lines are `import time: self [us] | cumulative | module`.
    """
    python, *rest = program.argv
    ran = subprocess.run(
        [python, "-X", "importtime", *rest],
        input=program.stdin,
        env=dict(program.env),
        capture_output=True,
        check=True,
    )
    lines = [line for line in ran.stderr.split(b"\n") if line.startswith(b"import time:")]
    own = [line.split(b"|")[0].removeprefix(b"import time:").strip() for line in lines]
    return sum(int(time) for time in own if time.isdigit()) / 1e6
