"""The migrations make the tables that the code knows."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from gitlease.broker.store import Store
from gitlease.broker.store.tables import METADATA
from tests.support.stores import Place


def _differences(connection: Connection) -> object:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, METADATA)


def test_up_from_empty_gives_the_tables_of_the_code(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            found = await store._database.read(lambda to: to.run_sync(_differences))
            assert found == []

    asyncio.run(run())


def test_migrating_again_changes_nothing(place: Place) -> None:
    async def run() -> None:
        await Store.migrate(place.url)
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            await Store.migrate(place.url)
            assert await store.workspaces.get("ws-1") is not None
        found, needed = await Store.revision(place.url)
        assert found == needed

    asyncio.run(run())
