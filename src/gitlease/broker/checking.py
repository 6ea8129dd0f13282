"""
Look whether what was configured works, before a workspace finds out.

Each question has its answer as a finding, and each that is not well its cure; an answer that
GitHub or the database does not give is a finding too.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.broker import certificate
from gitlease.broker.app import app_clients, opened
from gitlease.broker.store import Store
from gitlease.github.client import AppClient
from gitlease.model.errors import GitleaseError
from gitlease.model.scopes import Scope
from gitlease.model.targets import lower

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from gitlease.broker.app_settings import AppSettings
    from gitlease.broker.settings import Settings
    from gitlease.broker.store import WorkspaceRow
    from gitlease.github.protocol import Installation
    from gitlease.model.grants import Grant

# GitHub takes an App's proof up to 60 s from the past.
MOST_SKEW: Final = 30.0  # seconds
# Each costs a request of the 5,000 an hour that mints need too.
MOST_LOOKED_UP: Final = 500  # repositories
_AT_ONCE: Final = 8
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    detail: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an owner is served: by an App, and its installation there."""

    client: AppClient
    installation: Installation


async def look(settings: Settings) -> list[Finding]:
    """Return what was found, in the order in which one thing stands on another."""
    found = [await _database(settings), *_certificate(settings)]
    places: dict[str, Place] = {}
    async with app_clients(settings, time.time) as clients:
        if not clients:
            cure = "set GITLEASE_APP_ID and GITLEASE_PRIVATE_KEY_FILE"
            found.append(Finding("App", False, "none is configured", cure))
        for app, client in zip(settings.apps, clients, strict=True):
            found += await _app(app, client, places)
        if found[0].is_well:
            async with _said("grants", found):
                rows = [row async for row in _workspaces(settings)]
                found += await _grants(rows, places)
    return found


@contextlib.asynccontextmanager
async def _said(what: str, found: list[Finding]) -> AsyncIterator[None]:
    """Let a failure within be a finding about *what*."""
    try:
        yield
    except GitleaseError as error:
        found.append(Finding(what, False, error.message, error.hint))


def _certificate(settings: Settings) -> list[Finding]:
    if settings.tls_certificate is None:
        return []
    wrong = certificate.trouble(settings)
    try:
        certificate.require(settings)
    except GitleaseError as error:
        return [Finding("TLS", False, error.message, error.hint)]
    if wrong is not None:
        return [Finding("TLS", False, wrong, "put a new one there, and start the broker again")]
    return [Finding("TLS", True, "the certificate is valid, and the key is its own")]


async def _database(settings: Settings) -> Finding:
    try:
        found, needed = await Store.revision(settings.store_url)
    except GitleaseError as error:
        return Finding("database", False, error.message, error.hint)
    if found != needed and settings.store_url.startswith("postgres"):
        detail = f"its tables are at {found or 'none'}, this version needs {needed}"
        return Finding("database", False, detail, "run `gitlease broker migrate`")
    return Finding("database", True, f"revision {found or 'none yet: it is made at the start'}")


async def _app(app: AppSettings, client: AppClient, places: dict[str, Place]) -> list[Finding]:
    name, found = f"App {client.app_id}", list[Finding]()
    for file in app.private_key_files:
        # One by one: a key that is bad shows itself only when the other one has gone.
        async with _said(f"key {file}", found):
            alone = AppClient(app.id, [file], client.api)
            who = await alone.get_app()
            found.append(Finding(f"key {file}", True, f"it is a key of {name} ({who.slug})"))
    async with _said(name, found):
        installations = await client.list_installations()
        for one in installations:
            places.setdefault(lower(one.owner), Place(client, one))
        here = ", ".join(sorted(lower(one.owner) for one in installations))
        if here:
            found.append(Finding(name, True, f"installed for {here}"))
        else:
            found.append(Finding(name, False, "installed nowhere", "install it for an owner"))
    if client.skew is not None:
        detail = f"{client.skew:+.0f} s to GitHub's"
        is_well = abs(client.skew) <= MOST_SKEW
        cure = "" if is_well else "set this machine's clock (NTP)"
        found.append(Finding("clock", is_well, detail, cure))
    return found


async def _workspaces(settings: Settings) -> AsyncIterator[WorkspaceRow]:
    async with opened(settings) as parts:
        after = ""
        while page := await parts.store.workspaces.list(after, _PAGE):
            after = page[-1].id
            for row in page:
                yield row


async def _grants(rows: Sequence[WorkspaceRow], places: Mapping[str, Place]) -> list[Finding]:
    grants = [(row.id, grant) for row in rows for grant in row.grants]
    named = {
        (grant.owner, name)
        for _, grant in grants
        if grant.owner in places
        for name in grant.repositories or ()
    }
    looked_up = sorted(named)[:MOST_LOOKED_UP]
    missing = await _missing(looked_up, places)
    found: list[Finding] = []
    for workspace_id, grant in grants:
        lacks = _lacks(grant, places.get(grant.owner), missing)
        if lacks is not None:
            detail = f"its grant {grant} cannot be satisfied: {lacks[0]}"
            found.append(Finding(f"workspace {workspace_id}", False, detail, lacks[1]))
    if len(named) > len(looked_up):
        detail = f"{len(looked_up)} of {len(named)} repositories were looked up"
        found.append(Finding("repositories", True, detail))
    return found or [Finding("grants", True, "an installation satisfies each")]


async def _missing(
    named: Iterable[tuple[str, str]], places: Mapping[str, Place]
) -> set[tuple[str, str]]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def is_missing(owner: str, name: str) -> bool:
        place = places[owner]
        async with room:
            return not await place.client.reaches(place.installation.id, owner, name)

    pairs = list(named)
    answers = await asyncio.gather(*(is_missing(*pair) for pair in pairs))
    return {pair for pair, missing in zip(pairs, answers, strict=True) if missing}


def _lacks(
    grant: Grant, place: Place | None, missing: set[tuple[str, str]]
) -> tuple[str, str] | None:
    """Return why *grant* cannot be satisfied and the cure, or None if it can."""
    if place is None:
        return "no App is installed there", f"install one for {grant.owner}, or revoke the grant"
    installation = place.installation
    if installation.suspended:
        return "the installation is suspended", "its owner unsuspends it"
    absent = [name for name in grant.repositories or () if (grant.owner, name) in missing]
    if absent:
        what = f"the installation does not reach {', '.join(absent[:5])}"
        return what, "select the repository for the App, or correct the grant"
    if grant.permissions is None or not installation.permissions:
        return None
    has = Scope(permissions=installation.permissions)
    if has.covers(Scope(permissions=grant.permissions)):
        return None
    return "the installation has fewer permissions", "change the App's permissions, or the grant"
