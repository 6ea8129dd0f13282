"""`gitlease broker token`: the bearers by which workspaces prove who they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitlease.broker.app import opened
from gitlease.broker.commands.tables import add_json, show, when
from gitlease.broker.commands.words import BY, settings_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words

_COLUMNS = ("id", "prefix", "created_at", "last_used_at", "revoked_at")


def add_to(words: Words) -> None:
    """Add the sub-command."""
    group = words.group("token", "the bearers by which workspaces prove who they are")
    example = "gitlease broker token"
    listed = group.add("list", "list a workspace's bearers", f"{example} list ws-1", list_all)
    made = group.add(
        "create",
        "make one more bearer, which is printed once",
        f"{example} create ws-1 > /configs/.auth_token",
        create,
    )
    revoked = group.add("revoke", "revoke a bearer", f"{example} revoke ws-1 TOKEN_ID", revoke)
    for parser in (listed, made, revoked):
        parser.add_argument("workspace", metavar="WORKSPACE")
    revoked.add_argument("id", metavar="TOKEN_ID")
    revoked.add_argument(
        "--readmit",
        action="store_true",
        help="let the workspace register again by the secret that it has (default: it is shut out)",
    )
    add_json(listed)
    add_json(made)


async def list_all(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print a workspace's bearers."""
    async with opened(settings_of(args, env)) as parts:
        await parts.administering.workspace(args.workspace)
        rows = await parts.store.bearers.list(args.workspace)
    shown = [
        {
            "id": row.token_id,
            "prefix": row.prefix,
            "created_at": when(row.created_at),
            "last_used_at": when(row.last_used_at),
            "revoked_at": when(row.revoked_at),
        }
        for row in rows
    ]
    show(shown, _COLUMNS, as_json=args.json)
    return 0


async def create(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Make a bearer and print it: nobody can be told it again."""
    async with opened(settings_of(args, env)) as parts:
        new = await parts.administering.create_bearer(BY, args.workspace, BY)
    secret = new.plaintext.reveal()
    print(json.dumps({"id": new.token_id, "auth_token": secret}) if args.json else secret)
    return 0


async def revoke(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Revoke a bearer."""
    async with opened(settings_of(args, env)) as parts:
        await parts.administering.revoke_bearer(
            BY, args.workspace, args.id, BY, shuts=not args.readmit
        )
    return 0
