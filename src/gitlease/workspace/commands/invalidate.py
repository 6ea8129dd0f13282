"""
Forget cached tokens, so that the next git command fetches a new one.

Without options all are forgotten.  It revokes nothing: GitHub knows nothing of it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlease.model.counts import counted
from gitlease.workspace import notes
from gitlease.workspace.cache import Cache
from gitlease.workspace.commands import scope_options
from gitlease.workspace.settings import load

if TYPE_CHECKING:
    import argparse

EXAMPLE = "gitlease invalidate --owner acme"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    scope_options.add(parser, owner="only this owner's tokens", repo="only this repository's token")


def run(args: argparse.Namespace) -> int:
    """Remove the records and say how many; return 0, or raise where they are another user's."""
    settings = load(os.environ)
    cache = Cache(settings)
    cache.check_owner()
    prefix = scope_options.target_of(args, settings).names[0]
    everything = args.owner is None and args.repo is None
    names = [
        name
        for name in cache.names()
        if everything or name == prefix or name.startswith(prefix + "~")
    ]
    count = sum(cache.drop(name) for name in names)
    # Whoever forgets tokens has changed something: what failed before may work now.
    notes.forget(settings)
    print(f"{counted(count, 'cached token')} forgotten")
    return 0
