"""`gitlease broker keys`: the keys that seal cached tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.broker.app import opened
from gitlease.broker.commands.words import settings_of
from gitlease.model.counts import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words


def add_to(words: Words) -> None:
    """Add the sub-command."""
    keys = words.group("keys", "the keys that seal cached tokens")
    keys.add(
        "rotate",
        "make a new key and seal every cached token under it; the one before stays readable",
        "gitlease broker keys rotate",
        rotate,
    )


async def rotate(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Rotate and say how many tokens were sealed anew."""
    async with opened(settings_of(args, env)) as parts:
        count = await parts.store.rotate_keys()
    print(f"{counted(count, 'token')} sealed under the new key")
    return 0
