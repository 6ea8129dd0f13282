"""Rows for an answer from the cache, and for `store`, which git calls after every success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.bench import rivals
from tools.bench.figure import Point, Row
from tools.bench.program import Program
from tools.bench.race import race
from tools.bench.workspace import LONG, REQUEST, SHORT, Workspace, stored, with_password

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.bench.effort import Effort

TRUE = Program(["/bin/true"], REQUEST)
C = "git-credential-cache (C)"


def against_c(folder: Path, effort: Effort) -> Iterator[Row]:
    """Race cached answers with git's own cache and with the cheapest of programs."""
    folder.mkdir()
    long, short = Workspace(folder / "long"), Workspace(folder / "short")
    secret, few = long.put(LONG), short.put(SHORT)
    accept = with_password(secret)
    shells = {name: words for name in rivals.SHELLS if (words := rivals.shell(name))}
    with (
        rivals.git_cache(folder / "cache-long", secret) as cache_long,
        rivals.git_cache(folder / "cache-short", few) as cache_short,
    ):
        taken = race(
            {
                "sh": long.helper(accept=accept),
                "short": short.helper(accept=with_password(few)),
                **{name: long.helper(shell=words, accept=accept) for name, words in shells.items()},
                "store": long.helper("store", stdin=stored(secret)),
                "cache-long": cache_long,
                "cache-short": cache_short,
                "true": TRUE,
            },
            effort.light,
        )
    long_rival, short_rival = taken["cache-long"], taken["cache-short"]
    yield Row.ratio(f"cached get, {LONG} characters", C, taken["sh"], long_rival, 0.95)
    yield Row.ratio(f"cached get, {SHORT} characters", C, taken["short"], short_rival, 0.95)
    for name in shells:
        yield Row.ratio(f"cached get, under {name}", C, taken[name], long_rival)
    yield Row.ratio("cached get", "/bin/true", taken["sh"], taken["true"])
    yield Row.ratio("store", "/bin/true", taken["store"], taken["true"], 1.3)


def against_bash(folder: Path, effort: Effort) -> Iterator[Row]:
    """Race cached answers with a bash helper."""
    folder.mkdir()
    ours = Workspace(folder / "ours")
    secret = ours.put(LONG)
    rival = rivals.bash_hit(folder / "bash", secret)
    if rival:
        taken = race(
            {"ours": ours.helper(accept=with_password(secret)), "bash": rival}, effort.light // 4
        )
        yield Row.ratio("cached get", rivals.BASH, taken["ours"], taken["bash"], 0.15)


def against_gh(folder: Path, effort: Effort) -> Iterator[Row]:
    """Race cached answers with gh's own credential helper."""
    folder.mkdir()
    ours = Workspace(folder / "ours")
    secret = ours.put(LONG)
    others = rivals.gh_programs(folder / "gh", secret)
    taken = race({"ours": ours.helper(accept=with_password(secret)), **others}, effort.heavy)
    for name in others:
        yield Row.ratio("cached get", f"{name} auth git-credential", taken["ours"], taken[name])


def as_it_grows(folder: Path, effort: Effort) -> Iterator[Row]:
    """Race caches of different sizes with each other."""
    folder.mkdir()
    programs = {}
    for records in effort.records:
        workspace = Workspace(folder / str(records))
        accept = with_password(workspace.put(LONG))
        workspace.fill(records)
        programs[str(records)] = workspace.helper(accept=accept)
    taken = race(programs, effort.light // 2)
    smallest = taken[str(effort.records[0])]
    for records in effort.records:
        point = Point("cache", "cached get", records)
        what = f"cached get, {records:,} records"
        yield Row.ratio(what, "1 record", taken[str(records)], smallest, point=point)
