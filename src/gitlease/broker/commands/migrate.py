"""`gitlease broker migrate`: bring the database's tables to this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.broker.commands.words import settings_of
from gitlease.broker.store import Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words


def add_to(words: Words) -> None:
    """Add the sub-command."""
    words.add(
        "migrate",
        "bring the database's tables to this version (SQLite does so by itself)",
        "GITLEASE_BROKER_DATABASE_URL=postgresql://db/gitlease gitlease broker migrate",
        run,
    )


async def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Migrate and say to what."""
    url = settings_of(args, env).store_url
    await Store.migrate(url)
    found, _ = await Store.revision(url)
    print(f"the database is at revision {found}")
    return 0
