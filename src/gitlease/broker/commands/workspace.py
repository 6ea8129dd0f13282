"""`gitlease broker workspace`: which workspaces there are, and what each may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitlease.broker.app import opened
from gitlease.broker.commands.numbers import count
from gitlease.broker.commands.tables import add_json, show, when
from gitlease.broker.commands.words import BY, settings_of
from gitlease.broker.naming import read_workspace_id
from gitlease.model.counts import counted
from gitlease.model.errors import RequestError
from gitlease.model.grants import ALL, Grant
from gitlease.model.redaction import printable
from gitlease.model.targets import lower

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words
    from gitlease.broker.store import WorkspaceRow

_PAGE = 500
_COLUMNS = ("id", "grants", "created_at")


def add_to(words: Words) -> None:
    """Add the sub-command."""
    group = words.group("workspace", "which workspaces there are, and what each may ask for")
    example = "gitlease broker workspace"
    add = group.add(
        "add",
        "create a workspace, with one grant or none",
        f"{example} add ws-1 --owner acme --repo app --permission contents=write",
        create,
    )
    grant = group.add("grant", "add a grant", f"{example} grant ws-1 --owner acme --all", add_grant)
    for parser in (add, grant):
        parser.add_argument("id", metavar="ID")
        _add_grant_options(parser, owner_needed=parser is grant)
    listed = group.add("list", "list the workspaces", f"{example} list --json", list_all)
    add_json(listed)
    shown = group.add("show", "show one workspace", f"{example} show ws-1", show_one)
    shown.add_argument("id", metavar="ID")
    add_json(shown)
    revoke = group.add(
        "revoke", "take grants away", f"{example} revoke ws-1 --owner acme --repo app", revoke_grant
    )
    revoke.add_argument("id", metavar="ID")
    revoke.add_argument("--owner", required=True, help="take away what names this owner")
    revoke.add_argument("--repo", help="take away this repository alone")
    removed = group.add(
        "remove", "remove a workspace, its bearers and its tokens", f"{example} remove ws-1", remove
    )
    removed.add_argument("id", metavar="ID")
    removed.add_argument(
        "--also-shared",
        action="store_true",
        help="also revoke the tokens that others hold too: a git of theirs before 2.46 fails once",
    )


def _add_grant_options(parser: argparse.ArgumentParser, *, owner_needed: bool) -> None:
    parser.add_argument("--owner", required=owner_needed, help="the grant's owner")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--repo", action="append", help="a repository of the owner; may be repeated")
    which.add_argument("--all", action="store_true", help="all of the owner's repositories")
    parser.add_argument(
        "--permission",
        action="append",
        metavar="NAME=LEVEL",
        help="may be repeated (default: what the installation has)",
    )
    parser.add_argument("--max-per-hour", type=count, metavar="N", help="leases an hour")


async def create(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Create a workspace."""
    workspace_id = read_workspace_id(args.id)
    says_more = args.all or args.repo or args.permission or args.max_per_hour
    if args.owner is None and says_more:
        raise RequestError("the grant names no owner", hint="add --owner NAME")
    grants = [] if args.owner is None else [_grant(args)]
    async with opened(settings_of(args, env)) as parts:
        await parts.administering.create(BY, workspace_id, grants)
    return 0


async def add_grant(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Add one grant to those that are there."""
    async with opened(settings_of(args, env)) as parts:
        await parts.administering.add_grant(BY, args.id, _grant(args))
    return 0


async def revoke_grant(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Take away the grants of an owner, or one repository from them."""
    repository = None if args.repo is None else _name(args.owner, args.repo)
    async with opened(settings_of(args, env)) as parts:
        await parts.administering.revoke_grant(BY, args.id, args.owner, repository)
    return 0


async def list_all(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print all workspaces."""
    rows: list[WorkspaceRow] = []
    async with opened(settings_of(args, env)) as parts:
        while page := await parts.store.workspaces.list(rows[-1].id if rows else "", _PAGE):
            rows += page
    show([_shown(row, as_json=args.json) for row in rows], _COLUMNS, as_json=args.json)
    return 0


async def show_one(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print one workspace."""
    async with opened(settings_of(args, env)) as parts:
        row = await parts.administering.workspace(args.id)
    show([_shown(row, as_json=args.json)], _COLUMNS, as_json=args.json)
    return 0


async def remove(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Remove a workspace and say what went with it."""
    async with opened(settings_of(args, env)) as parts:
        bearers, tokens = await parts.administering.remove(
            BY, args.id, also_shared=args.also_shared
        )
    here, there = counted(bearers, "bearer"), counted(tokens, "token")
    print(f"{args.id} is removed: {here} revoked here, {there} at GitHub")
    return 0


def _grant(args: argparse.Namespace) -> Grant:
    if not args.all and not args.repo:
        raise RequestError("the grant names no repository", hint="use --repo NAME or --all")
    permissions = None
    if args.permission:
        pairs = [one.partition("=") for one in args.permission]
        permissions = {name: level for name, _, level in pairs}
    repositories = ALL if args.all else [_name(args.owner, one) for one in args.repo]
    return Grant.of(args.owner, repositories, permissions, args.max_per_hour)


def _name(owner: str, repository: str) -> str:
    """Return the name alone of a *repository*, which people also call OWNER/NAME."""
    before, slash, name = repository.rpartition("/")
    if slash and lower(before) != lower(owner):
        raise RequestError(
            f"{printable(repository)} is no repository of {printable(owner)}",
            hint="say --repo NAME; another owner needs a grant of its own",
        )
    return name


def _shown(row: WorkspaceRow, *, as_json: bool) -> dict[str, Any]:
    grants: list[Any] = [one.as_json() if as_json else str(one) for one in row.grants]
    return {"id": row.id, "grants": grants, "created_at": when(row.created_at)}
