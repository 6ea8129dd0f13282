"""Where a store may be: SQLite in a file, or a database of a PostgreSQL server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from gitlease.broker.store import Store
from gitlease.model.tokens import Secret, Token
from tests.support.postgres import Postgres

# Any key: 32 bytes in URL-safe base64.
KEY = Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")


@dataclass
class Clock:
    """A wall clock that tests move."""

    time: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class Place:
    """A database of this test alone, and a clock for it."""

    url: str
    folder: Path
    postgres: Postgres | None = None
    clock: Clock = field(default_factory=Clock)

    @contextlib.asynccontextmanager
    async def store(
        self, *, now: Callable[[], float] | None = None, keys: tuple[Secret, ...] = (KEY,)
    ) -> AsyncIterator[Store]:
        """Give an open store: each is a replica of its own."""
        opened = await Store.open(self.url, keys=keys, now=now or self.clock)
        try:
            yield opened
        finally:
            async with asyncio.timeout(20):
                await opened.close()

    def token(self, text: str, *, life: float = 3600.0) -> Token:
        """Return a token that was minted now and lives *life* seconds."""
        now = self.clock()
        return Token(Secret(text), now + life, now, lifetime=life)

    def dump(self) -> str:
        """Return every byte of the database, readable characters as they are."""
        if self.postgres is not None:
            return self.postgres.dump(self.url.partition("@/")[2].partition("?")[0])
        files = sorted(self.folder.glob("broker.db*"))
        return "".join(f.read_bytes().decode("latin-1") for f in files if f.is_file())


def postgres_place(server: Postgres, template: str, folder: Path) -> Place:
    """Return a place in a copy of the database *template*."""
    return Place(server.url(server.create(like=template)), folder, server)


def migrated(server: Postgres) -> str:
    """Return the name of a database of *server* that has the tables and nothing in them."""
    name = server.create()
    asyncio.run(Store.migrate(server.url(name)))
    return name


def sqlite_place(folder: Path) -> Place:
    """Return a place in a file that is yet to be made."""
    return Place(f"sqlite:///{folder / 'broker.db'}", folder)
