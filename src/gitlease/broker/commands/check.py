"""`gitlease broker check`: does what was configured work, before a workspace finds out."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from gitlease.broker.app import app_clients, opened
from gitlease.broker.commands.tables import add_json, show
from gitlease.broker.commands.words import settings_of
from gitlease.broker.store import Store
from gitlease.model.errors import GitleaseError
from gitlease.model.scopes import Scope
from gitlease.model.targets import lower

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gitlease.broker.commands.words import Words
    from gitlease.broker.settings import Settings
    from gitlease.github.client import AppClient
    from gitlease.github.protocol import Installation
    from gitlease.model.grants import Grant

# GitHub takes an App's proof up to 60 s from the past.
MOST_SKEW: Final = 30.0  # seconds
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    detail: str
    cure: str = ""


def add_to(words: Words) -> None:
    """Add the sub-command."""
    parser = words.add(
        "check",
        "see whether the database, the App's key, the clock, the installations and the grants fit",
        "gitlease broker check",
        run,
    )
    add_json(parser)


async def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print what was found; return 1 if anything is not well."""
    settings = settings_of(args, env)
    found = [await _database(settings)]
    owners: dict[str, Installation] = {}
    async with app_clients(settings, time.time) as clients:
        if not clients:
            cure = "set GITLEASE_APP_ID and GITLEASE_PRIVATE_KEY_FILE"
            found.append(Finding("App", False, "none is configured", cure))
        for client in clients:
            found += await _app(client, owners)
    if found[0].is_well:
        found += await _grants(settings, owners)
    shown = [asdict(one) | {"state": "ok" if one.is_well else "BAD"} for one in found]
    show(shown, ("what", "state", "detail", "cure"), as_json=args.json)
    return 0 if all(one.is_well for one in found) else 1


async def _database(settings: Settings) -> Finding:
    try:
        found, needed = await Store.revision(settings.store_url)
    except GitleaseError as error:
        return Finding("database", False, error.message, error.hint)
    if found != needed and settings.store_url.startswith("postgres"):
        detail = f"its tables are at {found}, this version needs {needed}"
        return Finding("database", False, detail, "run `gitlease broker migrate`")
    return Finding("database", True, f"revision {found or 'none yet: it is made at the start'}")


async def _app(client: AppClient, owners: dict[str, Installation]) -> list[Finding]:
    name = f"App {client.app_id}"
    try:
        await client.get_app()
        installations = await client.list_installations()
    except GitleaseError as error:
        return [Finding(name, False, error.message, error.hint)]
    here = sorted(lower(one.owner) for one in installations)
    for one in installations:
        owners.setdefault(lower(one.owner), one)
    installed = Finding(name, bool(here), f"the key is its own; installed for {', '.join(here)}")
    if not here:
        installed = Finding(name, False, "it is installed nowhere", "install it for an owner")
    if abs(client.skew) <= MOST_SKEW:
        return [installed, Finding("clock", True, "it is GitHub's")]
    detail = f"it is {client.skew:+.0f} s from GitHub's"
    return [installed, Finding("clock", False, detail, "set this machine's clock (NTP)")]


async def _grants(settings: Settings, owners: Mapping[str, Installation]) -> list[Finding]:
    found: list[Finding] = []
    async with opened(settings) as parts:
        after = ""
        while page := await parts.store.workspaces.list(after, _PAGE):
            after = page[-1].id
            for row in page:
                for grant in row.grants:
                    lacks = _lacks(grant, owners.get(grant.owner))
                    if lacks is not None:
                        detail = f"its grant {grant} cannot be satisfied: {lacks[0]}"
                        found.append(Finding(f"workspace {row.id}", False, detail, lacks[1]))
    return found or [Finding("grants", True, "an installation satisfies each")]


def _lacks(grant: Grant, installation: Installation | None) -> tuple[str, str] | None:
    """Return why *grant* cannot be satisfied and the cure, or None if it can."""
    if installation is None:
        return "no App is installed there", f"install one for {grant.owner}, or revoke the grant"
    if installation.suspended:
        return "the installation is suspended", "its owner unsuspends it"
    if grant.permissions is None or not installation.permissions:
        return None
    has = Scope(permissions=installation.permissions)
    if has.covers(Scope(permissions=grant.permissions)):
        return None
    return "the installation has fewer permissions", "change the App's permissions, or the grant"
