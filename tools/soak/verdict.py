"""What the soak has shown, and what of it breaks a promise."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.soak.fleet import Command
    from tools.soak.replica import Held
    from tools.soak.troubles import Outage

# Seconds after an announced outage within which git works again everywhere.
RECOVERY = 30.0
# Pages and pools fill up first; from then on it may grow by so much, and no more.
WARM = 1 / 3
GROWTH_KIB = 6 * 1024
GROWTH_DESCRIPTORS = 20


@dataclass(frozen=True)
class Seen:
    """All that was written down."""

    commands: Sequence[Command]
    outages: Sequence[Outage]
    samples: Sequence[Held]
    leases: int
    mints: int
    unrecorded: Sequence[str]


def report(seen: Seen) -> dict[str, Any]:
    """Return it for a program to read; `broken` lists what breaks a promise, one line each."""
    failed = [one for one in seen.commands if one.failure is not None]
    surprises = [one for one in failed if not _announced(one, seen.outages)]
    warm, end = _thirds(seen.samples)
    return {
        "git_commands": len(seen.commands),
        "failed_in_announced_outages": len(failed) - len(surprises),
        "failed_otherwise": len(surprises),
        "slowest_after_an_outage_s": round(_slowest(failed, seen.outages), 1),
        "troubles": dict(Counter(one.name for one in seen.outages)),
        "leases": seen.leases,
        "leases_without_record": len(seen.unrecorded),
        "mints": seen.mints,
        "held_when_warm": asdict(warm),
        "held_at_the_end": asdict(end),
        "broken": [*_broken(seen, surprises, warm, end)],
    }


def _broken(seen: Seen, surprises: Sequence[Command], warm: Held, end: Held) -> list[str]:
    found = [f"{one.workspace}: {one.words}: {one.failure}" for one in surprises]
    found += [f"no record of {one}" for one in seen.unrecorded]
    if end.rss_kib > warm.rss_kib + GROWTH_KIB:
        found.append(f"memory grew from {warm.rss_kib} to {end.rss_kib} KiB")
    if end.descriptors > warm.descriptors + GROWTH_DESCRIPTORS:
        found.append(f"descriptors grew from {warm.descriptors} to {end.descriptors}")
    if not seen.commands or not seen.leases:
        found.append("nothing happened")
    return found


def _announced(command: Command, outages: Sequence[Outage]) -> bool:
    return any(
        one.announced and one.began <= command.ended and command.began <= one.ended + RECOVERY
        for one in outages
    )


def _slowest(failed: Sequence[Command], outages: Sequence[Outage]) -> float:
    """Return how long after the end of an announced outage the last command that failed began."""
    latest = 0.0
    for command in failed:
        before = [one.ended for one in outages if one.announced and one.began <= command.ended]
        if before:
            latest = max(latest, command.began - max(before))
    return latest


def _thirds(samples: Sequence[Held]) -> tuple[Held, Held]:
    """Return the median of what was held in the second third, and in the last one."""
    first = int(len(samples) * WARM)
    warm, end = samples[first : 2 * first], samples[2 * first :]
    return _middle(warm or samples), _middle(end or samples)


def _middle(samples: Sequence[Held]) -> Held:
    kind = type(samples[0])
    return kind(
        int(statistics.median(one.rss_kib for one in samples)),
        int(statistics.median(one.descriptors for one in samples)),
    )
