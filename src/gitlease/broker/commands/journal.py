"""`gitlease broker journal`: who asked for what, when, and how it ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, get_args

from gitlease.broker.app import opened
from gitlease.broker.commands.numbers import amount, count, moment
from gitlease.broker.commands.tables import add_json, show, when
from gitlease.broker.commands.words import BY, settings_of
from gitlease.broker.fingerprints import read_fingerprint
from gitlease.broker.store import Filters, Kind
from gitlease.model.counts import counted
from gitlease.model.errors import RequestError
from gitlease.model.targets import lower

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
    parser.add_argument(
        "--fingerprint", metavar="F", help="the token with this fingerprint, in base64 or hex"
    )
    parser.add_argument("--workspace", metavar="ID")
    parser.add_argument("--owner", metavar="O")
    parser.add_argument("--kind", choices=get_args(Kind))
    parser.add_argument("--request", metavar="ID", help="what a reply's X-Request-Id names")
    parser.add_argument("--since", type=moment, metavar="TIME", help="from then on (ISO 8601, UTC)")
    parser.add_argument("--until", type=moment, metavar="TIME", help="before then")
    parser.add_argument("--limit", type=count, default=100, metavar="N", help="default: 100")
    parser.add_argument(
        "--before", type=count, default=0, metavar="ID", help="the next page: below this number"
    )
    parser.add_argument(
        "--prune", type=amount, metavar="DAYS", help="remove what is older, and show nothing"
    )
    add_json(parser)


async def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print records, or prune; with a fingerprint, exit 1 if nobody held that token."""
    if args.prune is not None and args.prune < 1:
        # Who holds a token that lives is looked up here, when it is rejected or its holder removed.
        raise RequestError("records of the last day are needed", hint="use a number of at least 1")
    filters = Filters(
        kind=args.kind,
        workspace_id=args.workspace,
        owner=args.owner and lower(args.owner),
        fingerprint=args.fingerprint and read_fingerprint(args.fingerprint),
        request_id=args.request,
        since=args.since,
        until=args.until,
    )
    async with opened(settings_of(args, env)) as parts:
        if args.prune is not None:
            before = time.time() - args.prune * _DAY
            count = await parts.administering.prune_journal(BY, before)
            print(f"{counted(count, 'record')} removed")
            return 0
        rows = await parts.store.journal.page(args.before, args.limit, filters, newest_first=True)
    records = [row.as_json() for row in rows]
    if not args.json:
        records = [one | {"at": when(one["at"])} for one in records]
    show(records, _COLUMNS, as_json=args.json)
    return 1 if args.fingerprint and not rows else 0
