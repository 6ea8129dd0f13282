"""`gitlease broker admin-token`: the operator's own bearer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.broker import admin_token
from gitlease.broker.app import opened
from gitlease.broker.commands.words import BY, settings_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words


def add_to(words: Words) -> None:
    """Add the sub-command."""
    group = words.group("admin-token", "the operator's own bearer")
    parser = group.add(
        "rotate",
        "put a new admin token into its file; the one before is good until the next time",
        "gitlease broker admin-token rotate",
        rotate,
    )
    parser.add_argument("--now", action="store_true", help="the one before is good no more")


async def rotate(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Rotate, and say where the new one is: it is not printed."""
    settings = settings_of(args, env)
    async with opened(settings) as parts:
        admin_token.rotate(settings, at_once=args.now)
        await parts.administering.admin_token_changed(BY, at_once=args.now)
    print(f"the new admin token is the first line of {settings.admin_file}")
    return 0
