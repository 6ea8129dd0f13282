"""
`make soak`: let a fleet live for a while among random troubles, and see whether it notices.

Real helpers, refreshers and git in so many homes; brokers on PostgreSQL that are killed and started
again; tokens that live five minutes.  Prints one JSON object.  Exit: 0 every promise was kept, 1
one was broken (`broken` says which), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.soak import page, troubles
from tools.soak.saying import say
from tools.soak.stage import Size, Stage, staged
from tools.soak.verdict import Seen, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.soak.replica import Held
    from tools.soak.troubles import Outage

_SAMPLE = 2.0  # seconds


def soak(size: Size, seed: int) -> dict[str, Any]:
    """Return the report of a soak of *size*; *seed* decides what happens."""
    with tempfile.TemporaryDirectory(prefix="gitlease-soak-") as folder:
        return asyncio.run(_soak(Path(folder), size, random.Random(seed)))


async def _soak(folder: Path, size: Size, draw: random.Random) -> dict[str, Any]:
    outages: list[Outage] = []
    samples: list[Held] = []
    async with staged(folder, size, draw) as stage:
        began = time.monotonic()
        await stage.fleet.install()
        say(f"{size.workspaces} workspaces installed in {time.monotonic() - began:.0f} s")
        end = time.monotonic() + size.seconds

        def over() -> bool:
            return time.monotonic() >= end

        await asyncio.gather(
            stage.fleet.live(over),
            troubles.happen(stage, over, outages),
            _watch(stage, over, samples),
        )
        return report(_seen(stage, outages, samples))


async def _watch(stage: Stage, over: Callable[[], bool], samples: list[Held]) -> None:
    while not over():
        samples.append(stage.replicas[0].held())
        await asyncio.sleep(_SAMPLE)


def _seen(stage: Stage, outages: list[Outage], samples: list[Held]) -> Seen:
    def ask(statement: str) -> list[str]:
        return stage.database.sql(statement, stage.name).splitlines()

    recorded = set(
        ask("SELECT DISTINCT workspace_id || ' ' || fingerprint FROM journal WHERE kind = 'lease'")
    )
    held = {f"{one.who.id} {each}" for one in stage.fleet.workspaces for each in one.held}
    [leases] = ask("SELECT count(*) FROM journal WHERE kind = 'lease'")
    mints = stage.github.stats()["mints"]
    missing = sorted(held - recorded)
    return Seen(stage.fleet.commands, outages, samples, int(leases), mints, missing)


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("make soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, metavar="S")
    parser.add_argument("--workspaces", type=int, default=100, metavar="N")
    parser.add_argument("--pace", type=float, default=30, metavar="S", help="between two commands")
    parser.add_argument("--life", type=int, default=300, metavar="S", help="of a token")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write it down for a reader")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="repeat a soak")
    args = parser.parse_args()
    seed = random.randrange(10**6) if args.seed is None else args.seed
    say(f"seed {seed}")
    size = Size(args.seconds, args.workspaces, args.pace, args.life)
    found = soak(size, seed)
    if args.page:
        args.page.write_text(page.written(size, found))
    print(json.dumps({"seed": seed, **found}, indent=2))
    return 1 if found["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
