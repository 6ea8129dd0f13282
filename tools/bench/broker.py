"""Servers as an operator starts them, and a fleet of workspaces that may ask the broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert

from gitlease.broker.store import Store, digest_of
from gitlease.broker.store.address import Address
from gitlease.broker.store.bearers import text_of
from gitlease.broker.store.database import Database
from gitlease.broker.store.tables import BEARERS, WORKSPACES
from gitlease.model.grants import ALL, Grant
from gitlease.model.tokens import Secret
from tools.bench import cores
from tools.bench.program import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from gitlease.emulator import GitHub

GITLEASE = Path(sys.prefix) / "bin" / "gitlease"
PART = 5_000  # workspaces that are put down at once
END = 30  # seconds for a server to drain


@dataclass(frozen=True)
class Workspace:
    """A workspace with a grant for all of one owner, and its bearer."""

    id: str
    owner: str
    bearer: str


def found(
    url: str, owners: Sequence[str], count: int, name: str = "ws", grants: int = 1
) -> list[Workspace]:
    """
    Put *count* workspaces, by turns for each of *owners*, into the database at *url*.

    Their ids begin with *name*, which no other fleet there may have.  Of their *grants* the last
    is for the owner.
    """
    # Made one by one through the broker's routes, they would take minutes.
    fleet = [
        Workspace(
            f"{name}-{number}", owners[number % len(owners)], f"glw_{secrets.token_urlsafe(32)}"
        )
        for number in range(count)
    ]
    asyncio.run(_fill(url, fleet, [Grant.of(f"else-{one}", ALL) for one in range(grants - 1)]))
    return fleet


async def _fill(url: str, fleet: Sequence[Workspace], others: Sequence[Grant]) -> None:
    await Store.migrate(url)
    now = time.time()
    workspaces = [
        {"id": one.id, "grants": text_of((*others, Grant.of(one.owner, ALL))), "created_at": now}
        for one in fleet
    ]
    bearers = [
        {
            "id": secrets.token_hex(8),
            "workspace_id": one.id,
            "digest": digest_of(Secret(one.bearer)),
            "prefix": one.bearer[:10],
            "created_at": now,
        }
        for one in fleet
    ]

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(WORKSPACES), workspaces[part])
        await connection.execute(insert(BEARERS), bearers[part])

    database = Database(Address.of(url))
    try:
        for first in range(0, len(fleet), PART):
            part = slice(first, first + PART)
            await database.write(work)
    finally:
        await database.close()


def environment(folder: Path, github: GitHub, **more: str) -> dict[str, str]:
    """Return the variables of a broker with its files in *folder* and the App of *github*."""
    return {
        "HOME": str(folder),
        "GITLEASE_BROKER_DATA_DIR": str(folder),
        "GITLEASE_APP_ID": github.client_id,
        "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
        "GITLEASE_API_URL": github.api_url,
        "GITLEASE_CA_FILE": str(github.ca_file),
        **more,
    }


def sqlite(folder: Path) -> str:
    """Return the URL of the database that a broker with its files in *folder* makes itself."""
    return f"sqlite:///{folder / 'broker.sqlite'}"


@contextlib.contextmanager
def broker(env: Mapping[str, str], to: set[int]) -> Iterator[str]:
    """Run `gitlease broker serve` on the cores *to*; yield its URL."""
    with _serving([str(GITLEASE), "broker", "serve", "--port", "0"], env, to) as url:
        yield url


@contextlib.contextmanager
def constant(to: set[int]) -> Iterator[str]:
    """Run the same server with a constant answer on the cores *to*; yield its URL."""
    with _serving([sys.executable, "-m", "tools.bench.constant"], {}, to) as url:
        yield url


@contextlib.contextmanager
def _serving(argv: Sequence[str], env: Mapping[str, str], to: set[int]) -> Iterator[str]:
    with tempfile.TemporaryFile("w+") as log:
        with cores.pinned(to):
            process = subprocess.Popen(
                argv,
                env={"PATH": os.defpath, "LANG": "C.UTF-8", **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                log.seek(0)
                raise BenchError(f"{' '.join(argv)} does not start: {log.read()[-500:]}")
            yield json.loads(line)["url"]
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
