"""`gitlease broker journal`: who asked for what, when, and how it ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, get_args

from gitlease.broker.app import opened
from gitlease.broker.commands.tables import add_json, show, when
from gitlease.broker.commands.words import settings_of
from gitlease.broker.store import Filters, Kind
from gitlease.model.errors import RequestError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words

_DAY = 86400  # seconds
_COLUMNS = ("id", "at", "kind", "workspace_id", "scope", "fingerprint", "source", "reason")


def add_to(words: Words) -> None:
    """Add the sub-command."""
    parser = words.add(
        "journal",
        "show who asked for what, newest first; a fingerprint is `hashed_token` in GitHub's log",
        "gitlease broker journal --workspace ws-1 --limit 20",
        run,
    )
    parser.add_argument("--fingerprint", metavar="F", help="the token with this fingerprint")
    parser.add_argument("--workspace", metavar="ID")
    parser.add_argument("--owner", metavar="O")
    parser.add_argument("--kind", choices=get_args(Kind))
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="default: 100")
    parser.add_argument(
        "--prune", type=float, metavar="DAYS", help="remove what is older, and show nothing"
    )
    add_json(parser)


async def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print records, or prune; with a fingerprint, exit 1 if nobody held that token."""
    if args.limit < 1 or (args.prune is not None and args.prune < 0):
        raise RequestError("a number is too small", hint="use a positive one")
    async with opened(settings_of(args, env)) as parts:
        if args.prune is not None:
            count = await parts.store.journal.prune(time.time() - args.prune * _DAY)
            print(f"{count} records are removed")
            return 0
        filters = Filters(
            kind=args.kind,
            workspace_id=args.workspace,
            owner=args.owner,
            fingerprint=args.fingerprint,
        )
        rows = await parts.store.journal.page(0, args.limit, filters, newest_first=True)
    records = [row.as_json() for row in rows]
    if not args.json:
        records = [one | {"at": when(one["at"])} for one in records]
    show(records, _COLUMNS, as_json=args.json)
    return 1 if args.fingerprint and not rows else 0
