"""`gitlease broker check`: does what was configured work, before a workspace finds out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from gitlease.broker.checking import look
from gitlease.broker.commands.tables import add_json, show
from gitlease.broker.commands.words import settings_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words


def add_to(words: Words) -> None:
    """Add the sub-command."""
    parser = words.add(
        "check",
        "see whether the database, the App's keys, the clock, the installations and the grants fit",
        "gitlease broker check",
        run,
    )
    add_json(parser)


async def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print what was found; return 1 if anything is not well."""
    found = await look(settings_of(args, env))
    shown = [asdict(one) | {"state": "ok" if one.is_well else "BAD"} for one in found]
    show(shown, ("what", "state", "detail", "cure"), as_json=args.json)
    return 0 if all(one.is_well for one in found) else 1
