"""`gitlease broker enrolment`: the secrets by which workspaces register for their first bearer."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from gitlease.broker.app import opened
from gitlease.broker.commands.numbers import amount, count
from gitlease.broker.commands.tables import add_json, show, when
from gitlease.broker.commands.words import BY, settings_of
from gitlease.broker.naming import read_workspace_id

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words

_COLUMNS = ("id", "workspace_id", "uses", "used", "expires_at", "revoked_at")


def add_to(words: Words) -> None:
    """Add the sub-command."""
    group = words.group("enrolment", "the secrets by which workspaces register")
    example = "gitlease broker enrolment"
    made = group.add(
        "create",
        "make a secret, which is printed once",
        f"{example} create --uses 100 --valid-for 24",
        create,
    )
    made.add_argument("--workspace", metavar="ID", help="for this workspace alone (default: any)")
    made.add_argument("--uses", type=count, metavar="N", help="how often (default: any number)")
    made.add_argument("--valid-for", type=amount, metavar="HOURS", help="default: until revoked")
    add_json(made)
    add_json(group.add("list", "list the secrets", f"{example} list", list_all))
    gone = group.add("revoke", "revoke a secret", f"{example} revoke ENROLMENT_ID", revoke)
    gone.add_argument("id", metavar="ENROLMENT_ID")


async def create(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Make a secret and print it: nobody can be told it again."""
    workspace_id = None if args.workspace is None else read_workspace_id(args.workspace)
    ends = None if args.valid_for is None else time.time() + args.valid_for * 3600
    async with opened(settings_of(args, env)) as parts:
        new = await parts.administering.create_enrolment(BY, workspace_id, args.uses, ends)
    secret = new.secret.reveal()
    print(json.dumps({"id": new.id, "secret": secret}) if args.json else secret)
    return 0


async def list_all(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print every enrolment."""
    async with opened(settings_of(args, env)) as parts:
        rows = await parts.store.enrolments.list()
    shown = []
    for row in rows:
        one = asdict(row)
        times = {name: when(one[name]) for name in ("created_at", "expires_at", "revoked_at")}
        shown.append(one | times)
    show(shown, _COLUMNS, as_json=args.json)
    return 0


async def revoke(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Revoke a secret."""
    async with opened(settings_of(args, env)) as parts:
        await parts.administering.revoke_enrolment(BY, args.id)
    return 0
