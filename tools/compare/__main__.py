"""
Compare the sh program's answers with Python's, over as many generated requests as one likes.

``make compare`` runs the installed program once for each of INPUTS requests, under each shell in
turn, and Python's answer in this process beside it.  They must be the same to the byte, and what is
no answer of ours must hold no token.  Ends 1 at a difference and prints the request.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tools.compare.pair import SHELLS, Pair
from tools.compare.requests import generate
from tools.compare.rules import may_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOLD_EVERY = 60.0  # seconds
_MEMORY = "/dev/shm"
_SLICE = 20_000  # requests; a shell's turn


@dataclass
class Tally:
    """What came of the requests of one process."""

    asked: int = 0
    answered: int = 0
    handed: int = 0
    differing: list[str] = field(default_factory=list)


def compare(shell: str, count: int, seed: int) -> Tally:
    """Ask *count* requests that follow from *seed* under *shell*, and Python; count the answers."""
    tally, random = Tally(), Random(seed)
    # In memory where there is such a folder: what fails is noted on disk each time.
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="gitlease-compare-", dir=memory) as folder:
        pair = Pair.make(Path(folder) / "state of 'ours'", SHELLS[shell])
        for _ in range(count):
            data = generate(random)
            handed, ours, theirs = _ask(pair, data)
            if ours != theirs:
                # A machine that stood still for five seconds is no difference.
                handed, ours, theirs = _ask(pair, data)
            tally.asked += 1
            tally.handed += handed
            tally.answered += b"password=" in theirs
            if ours != theirs or (b"ghs_" in ours and not may_answer(data)):
                tally.differing.append(f"{shell}: {data!r}: sh {ours!r}, Python {theirs!r}")
    return tally


def _ask(pair: Pair, data: bytes) -> tuple[bool, bytes, bytes]:
    printed, handed = pair.through_sh(data)
    ours = printed if handed is None else pair.python(handed)
    return handed is not None, ours, pair.python(data)


def main(words: Sequence[str]) -> int:
    """Compare as the command line *words* say; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.compare", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="requests in all")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same requests")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    asked = parser.parse_args(words)
    started = last = time.monotonic()
    shells, totals, differing = sorted(SHELLS), Counter[str](), list[str]()
    slices = [min(_SLICE, asked.inputs - at) for at in range(0, asked.inputs, _SLICE)]
    with ProcessPoolExecutor(asked.jobs) as pool:
        turns = [
            (shells[number % len(shells)], count, asked.seed + number)
            for number, count in enumerate(slices)
        ]
        done = pool.map(compare, *zip(*turns, strict=True))
        for (shell, *_), tally in zip(turns, done, strict=True):
            totals.update({shell: tally.asked, "answered": tally.answered, "handed": tally.handed})
            differing += tally.differing
            for line in tally.differing:
                print(line, file=sys.stderr, flush=True)
            if time.monotonic() - last > _TOLD_EVERY:
                last = time.monotonic()
                print(dict(totals), f"{last - started:.0f} s", file=sys.stderr, flush=True)
    inputs = sum(totals[shell] for shell in shells)
    found = {"inputs": inputs, "seed": asked.seed, "differing": len(differing), **totals}
    print(json.dumps({**found, "seconds": round(time.monotonic() - started)}))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
