"""A store that cannot hear the others says so: at the start, and while it serves."""

import asyncio
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gitlease.broker.store import StoreUnavailableError, invalidations
from tests.support.postgres import Postgres
from tests.support.stores import postgres_place


async def refused(_dsn: str) -> NoReturn:
    raise ConnectionRefusedError(111, "refused")


def test_who_cannot_listen_does_not_start(
    migrated_server: tuple[Postgres, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database answers, and has no connection left to listen by."""

    async def run() -> None:
        before = asyncio.all_tasks()
        with pytest.raises(StoreUnavailableError, match="lets nobody listen"):
            async with place.store():
                pytest.fail("it is open")
        assert asyncio.all_tasks() == before

    place = postgres_place(*migrated_server, tmp_path)
    monkeypatch.setattr(invalidations, "connect", refused)
    monkeypatch.setattr(invalidations, "START_LIMIT", 0.3)
    asyncio.run(asyncio.wait_for(run(), 60))


def test_who_hears_nothing_any_more_says_so_once(
    migrated_server: tuple[Postgres, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        tried = asyncio.Event()

        async def refused_again(dsn: str) -> NoReturn:
            if caplog.messages:
                tried.set()
            await refused(dsn)

        async def cut(connection: AsyncConnection) -> None:
            await connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )

        async with place.store() as store:
            monkeypatch.setattr(invalidations, "connect", refused_again)
            await store._database.read(cut)
            await tried.wait()
            assert await store.workspaces.list() == ()

    place = postgres_place(*migrated_server, tmp_path)
    asyncio.run(asyncio.wait_for(run(), 60))
    (told,) = caplog.messages
    assert "nothing is heard of other replicas" in told
