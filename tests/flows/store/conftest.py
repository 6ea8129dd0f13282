"""Databases for flows: a file, or a PostgreSQL server that a test may stop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, server
from tests.support.stores import Place, migrated, postgres_place, sqlite_place


@pytest.fixture(scope="session")
def migrated_server() -> Iterator[tuple[Postgres, str]]:
    """Return a server that runs, and the name of a database there to copy."""
    with server() as started:
        yield started, migrated(started)


@pytest.fixture
def on_postgresql(migrated_server: tuple[Postgres, str], tmp_path: Path) -> Place:
    """Return a database of this test alone on the server."""
    return postgres_place(*migrated_server, tmp_path)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Place:
    """Return a file of this test alone."""
    return sqlite_place(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """Return a database of this test alone, of either kind."""
    found: Place = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def postgres(migrated_server: tuple[Postgres, str]) -> Postgres:
    """Return a server that runs."""
    return migrated_server[0]


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    """Return the name of a database without tables."""
    name = postgres.create()
    yield name
    postgres.drop(name)


@pytest.fixture
def made(migrated_server: tuple[Postgres, str]) -> Iterator[str]:
    """Return the name of a database with tables and nothing in them."""
    started, template = migrated_server
    name = started.create(like=template)
    yield name
    started.drop(name)
