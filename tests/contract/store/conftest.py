"""Run every promise of the store on SQLite and on a PostgreSQL server of our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, server
from tests.support.stores import Place, migrated, postgres_place, sqlite_place

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let these tests have an event loop, and PostgreSQL's socket."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("enable_socket")


@pytest.fixture(scope="session")
def migrated_server() -> Iterator[tuple[Postgres, str]]:
    """Return a server that runs, and the name of a database there to copy."""
    with server() as started:
        yield started, migrated(started)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return a database of this test alone."""
    if request.param == "sqlite":
        return sqlite_place(tmp_path)
    started, template = request.getfixturevalue("migrated_server")
    return postgres_place(started, template, tmp_path)
