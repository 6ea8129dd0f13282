"""
What is measured, in chapters: the words of the page stand beside what runs.

Why a goal is missed stands here too, and is shown only while it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.bench import growth, hits, idle, leases, misses, peers, replicas, storm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tools.bench.effort import Effort
    from tools.bench.figure import Row


@dataclass(frozen=True)
class Chapter:
    """
    A part of the page: its `title`, what `runs` for it, and its `words`.

    Each of `runs` gets a folder of its own that does not exist yet.  `plots` has the unit that
    the lines of each plot grow by.  `missed` says why, by how the goal's row begins.
    """

    title: str
    words: str
    runs: Sequence[Callable[[Path, Effort], Iterator[Row]]]
    plots: Mapping[str, str] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)


CHAPTERS: Sequence[Chapter] = (
    Chapter(
        "An answer from the cache",
        """
Each program is started as git starts a helper, with the same request, and has the same token of
520 characters ready in a store of its own: `git-credential-cache` in its daemon (the C client is
what is timed), both `gh` in `hosts.yml`, Git Credential Manager in its plain-text store, the bash
helper in its token file. The bash helper is a stand-in written for this page, which does the same
work by the same means as the one that fleets copy from image to image.

`git-credential-oauth` keeps nothing and opens a browser at each `get`, so there is no answer of
its own to time. Its manual puts `git-credential-cache` before it: that chain is compared whole, by
`git credential fill` and `git credential approve`, which is what a git command does before and
after it talks to GitHub; and so is the `store` that git starts both for after each success.
""",
        (
            hits.against_c,
            hits.against_bash,
            hits.against_gh,
            peers.against_gcm,
            peers.against_oauth,
        ),
        missed={
            "cached get against bash helper (stand-in)": (
                "starting any shell script is most of a hit (see the row against `/bin/true`), and "
                "8 % of it are three looks into /proc, without which a dead token might be printed "
                "after a boot, or to who dribbles a request in"
            ),
        },
    ),
    Chapter(
        "A larger cache",
        "The same answer from caches of one record to many. A record is found by its name.",
        (hits.as_it_grows,),
        plots={"cache": "records in the cache"},
    ),
    Chapter(
        "An answer that has to be fetched",
        """
Nothing is cached: Python starts, and asks GitHub's emulator by the App's key, or a broker that has
the token in its memory. The bash helper asks the same by `curl`. Then many `git` processes ask at
once, and one of them fetches.
""",
        (misses.rows, misses.from_broker, misses.start_up),
        missed={
            "cold get, broker on loopback": (
                "starting Python alone takes longer than `curl` with its shell"
            ),
        },
    ),
    Chapter(
        "Leases from the broker's memory",
        """
One broker on SQLite, on a core of its own where there are two, is asked over connections that are
kept; each lease is in the journal, on the disk, before it leaves. The rival is the same server and
framework with a route of the same shape, written as the framework would have it, which checks
nothing, writes nothing and answers a constant.
""",
        (leases.rows,),
        missed={
            "cached leases a second": (
                "every lease is journalled, on the disk, before it leaves: without that it would "
                "be met; [decision 24](decisions/0024-where-a-leases-time-goes.md) has the shares"
            ),
        },
    ),
    Chapter(
        "A fleet that boots at once",
        "Every workspace asks once, on a connection of its own, and no token is cached.",
        (storm.rows,),
        missed={"10,000 workspaces boot in 10 s: p99": "the first mints, all in the first second"},
    ),
    Chapter(
        "Replicas",
        "Several brokers on one PostgreSQL: what they mint together, and what they serve.",
        (replicas.rows,),
    ),
    Chapter(
        "More workspaces",
        """
A lease here is a workspace's first for a while, on a new connection: the bearer is looked up and
the lease journalled. The lookup alone is the broker's own query, without the server around it. All
sizes run at once and are asked by turns.
""",
        (growth.of_workspaces,),
        plots={"workspaces": "workspaces"},
    ),
    Chapter(
        "More grants of a workspace",
        "The same, where the grant that allows the lease is the last of many.",
        (growth.of_grants,),
        plots={"grants": "grants of the workspace"},
    ),
    Chapter(
        "A longer journal",
        """
A lease from memory, one after the other, writes one record behind so many. Finding is the question
"which workspaces held this token?", by its fingerprint; the answer has twenty records each time.
""",
        (growth.of_journal,),
        plots={"journal": "records in the journal"},
    ),
    Chapter(
        "The refresher at rest",
        "What stays in a workspace's memory between two rounds, and whether it ever wakes.",
        (idle.at_rest,),
    ),
)
