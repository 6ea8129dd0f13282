"""The page docs/soak.md: what a soak has shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tools.bench import machine
from tools.soak import troubles
from tools.soak.verdict import RECOVERY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.soak.stage import Size
    from tools.soak.troubles import Act


def written(size: Size, found: Mapping[str, Any]) -> str:
    """Return the page for a soak of *size* that has *found* this (see `verdict.report`)."""
    return "\n".join([*_head(size), *_figures(found), *_troubles(found)])


def _head(size: Size) -> Iterator[str]:
    about = machine.describe()
    yield "# The soak"
    yield ""
    yield "Made by `make soak`; do not edit it."
    yield ""
    yield f"{size.workspaces} workspaces, each with its own home, installed helper and refresher,"
    yield f"use git about every {size.pace:g} s for {size.seconds / 60:.0f} minutes. Tokens live"
    yield f"{size.life} s. Two brokers on one PostgreSQL stand behind one address. Troubles happen"
    yield "one after the other, by lot. Of a hidden one no git command may fail; an announced one"
    yield "takes away what git itself needs, and git works again everywhere within"
    yield f"{RECOVERY:.0f} s of its end."
    yield ""
    yield f"{time.strftime('%Y-%m-%d', time.gmtime())}, {about['cores']} cores of {about['cpu']},"
    yield f"{about['system']}, Python {about['python']}, {about['git']}."


def _figures(found: Mapping[str, Any]) -> Iterator[str]:
    warm, end = found["held_when_warm"], found["held_at_the_end"]
    yield ""
    yield "| what | figure |"
    yield "|---|---|"
    yield f"| git commands | {found['git_commands']:,} |"
    yield f"| failed outside announced outages | {found['failed_otherwise']} |"
    yield f"| failed in announced outages | {found['failed_in_announced_outages']:,} |"
    yield (
        "| last command to fail began, after the end of its outage | "
        f"{found['slowest_after_an_outage_s']} s |"
    )
    yield f"| leases | {found['leases']:,} |"
    yield f"| tokens in a workspace without a lease on record | {found['leases_without_record']} |"
    yield f"| mints at GitHub | {found['mints']:,} |"
    yield f"| memory of a broker, second and last third | {_mib(warm)} and {_mib(end)} MiB |"
    yield f"| its open descriptors | {warm['descriptors']} and {end['descriptors']} |"


def _mib(held: Mapping[str, int]) -> str:
    return f"{held['rss_kib'] / 1024:.0f}"


def _troubles(found: Mapping[str, Any]) -> Iterator[str]:
    kinds: Sequence[tuple[str, Sequence[Act]]] = (
        ("hidden", troubles.HIDDEN),
        ("announced", troubles.ANNOUNCED),
    )
    yield ""
    yield "| trouble | kind | times |"
    yield "|---|---|---|"
    for kind, acts in kinds:
        for act in acts:
            told = (act.__doc__ or "").rstrip(".")
            yield f"| {told} | {kind} | {found['troubles'].get(act.__name__, 0)} |"
    yield ""
