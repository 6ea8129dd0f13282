"""What SQLite leaves on the disk, and who may read it."""

import asyncio
import os
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncConnection

from gitlease.broker.store import Entry, NotMigratedError, Store, StoreError
from gitlease.model.errors import SettingsError
from gitlease.model.scopes import Scope
from tests.support.stores import KEY, Place

SCOPE = Scope.of("acme")


def modes(folder: Path) -> dict[str, int]:
    """Return the mode of everything in *folder*."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_nobody_else_can_read_a_file_of_the_store(on_sqlite: Place) -> None:
    async def run() -> dict[str, int]:
        async with on_sqlite.store(keys=()) as store, store.single_flight("k"):
            await store.workspaces.create("ws-1")
            return modes(on_sqlite.folder)

    before = os.umask(0)
    try:
        found = asyncio.run(run())
    finally:
        os.umask(before)
    assert found == {
        "broker.db": 0o600,
        "broker.db-wal": 0o600,
        "broker.db-shm": 0o600,
        "broker.db.key": 0o600,
        "broker.db.locks": 0o700,
    }


def test_a_database_that_others_could_read_is_closed_to_them(on_sqlite: Place) -> None:
    file = on_sqlite.folder / "broker.db"
    file.touch(0o644)

    async def run() -> None:
        async with on_sqlite.store():
            pass

    asyncio.run(run())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_rotation_makes_a_new_key_and_other_processes_follow(on_sqlite: Place) -> None:
    key_file = on_sqlite.folder / "broker.db.key"

    async def run() -> None:
        async with on_sqlite.store(keys=()) as one, on_sqlite.store(keys=()) as two:
            await one.tokens.put("k", on_sqlite.token("ghs_one"), SCOPE, "app-1", 42)
            first = key_file.read_text().split()
            assert await one.rotate_keys() == 1
            second = key_file.read_text().split()
            assert second[1:] == first
            assert second[0] != first[0]
            assert await two.tokens.get("k") is not None
            await two.tokens.put("l", on_sqlite.token("ghs_two"), SCOPE, "app-1", 42)
            key_file.write_text(second[0])  # the old key is gone; both rows are under the new one
        async with on_sqlite.store(keys=()) as store:
            assert await store.tokens.get("k") is not None
            assert await store.tokens.get("l") is not None
            await store.rotate_keys()
            await store.rotate_keys()
            assert len(key_file.read_text().split()) == 2
            assert stat.S_IMODE(key_file.stat().st_mode) == 0o600

    asyncio.run(run())


def test_many_first_starts_at_once_make_one_database_and_one_key(on_sqlite: Place) -> None:
    async def run() -> None:
        stores = await asyncio.gather(*(Store.open(on_sqlite.url) for _ in range(5)))
        await stores[0].tokens.put("k", on_sqlite.token("ghs_one"), SCOPE, "app-1", 42)
        found = [await store.tokens.get("k") for store in stores]
        assert None not in found
        for store in stores:
            await store.close()

    asyncio.run(run())
    assert sorted(modes(on_sqlite.folder)) == ["broker.db", "broker.db.key"]


def test_a_lost_key_is_a_miss_and_no_error(on_sqlite: Place) -> None:
    async def run() -> None:
        async with on_sqlite.store(keys=()) as store:
            await store.tokens.put("k", on_sqlite.token("ghs_one"), SCOPE, "app-1", 42)
        (on_sqlite.folder / "broker.db.key").unlink()
        async with on_sqlite.store(keys=()) as store:
            assert await store.tokens.get("k") is None

    asyncio.run(run())


@pytest.mark.parametrize("content", ["", "short\n", "é"])
def test_a_key_file_without_a_key_is_refused_and_not_quoted(on_sqlite: Place, content: str) -> None:
    file = on_sqlite.folder / "key"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(SettingsError) as refused:
        asyncio.run(Store.open(on_sqlite.url, key_file=file))
    assert "short" not in str(refused.value)


@pytest.mark.parametrize("mode", [None, 0o640])
def test_a_key_file_that_is_absent_or_open_to_others_is_refused(
    on_sqlite: Place, mode: int | None
) -> None:
    """A mistyped path must not become a new key."""
    file = on_sqlite.folder / "key"
    if mode is not None:
        file.touch(mode)
    with pytest.raises(SettingsError, match="key file"):
        asyncio.run(Store.open(on_sqlite.url, key_file=file))
    assert file.exists() is (mode is not None)


def test_a_key_file_that_turns_bad_takes_nothing_from_a_broker_that_runs(
    on_sqlite: Place, caplog: pytest.LogCaptureFixture
) -> None:
    file = on_sqlite.folder / "broker.db.key"

    async def run() -> None:
        async with on_sqlite.store(keys=()) as store:
            await store.tokens.put("k", on_sqlite.token("ghs_one"), SCOPE, "app-1", 42)
            good = file.read_text()
            file.write_text("torn")
            await store.tokens.put("l", on_sqlite.token("ghs_two"), SCOPE, "app-1", 42)
            for key in ("k", "l"):
                assert await store.tokens.get(key)
            # Another key's row is a miss, not a failure of the request.
            await store._database.write(
                lambda c: c.exec_driver_sql("UPDATE tokens SET sealed = X'00' WHERE key = 'l'")
            )
            assert await store.tokens.get("l") is None
            file.write_text(good)

    asyncio.run(run())
    assert "used on" in caplog.text
    assert "torn" not in caplog.text


def test_tables_of_a_later_version_are_refused(on_sqlite: Place) -> None:
    async def run() -> None:
        async with on_sqlite.store() as store:
            await store._database.write(
                lambda to: to.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            )
        with pytest.raises(NotMigratedError, match="later version"):
            await Store.open(on_sqlite.url)

    asyncio.run(run())


def test_a_folder_that_cannot_be_written_is_named(on_sqlite: Place) -> None:
    (on_sqlite.folder / "file").touch()
    url = f"sqlite:///{on_sqlite.folder}/file/broker.db"
    with pytest.raises(StoreError, match="cannot be opened"):
        asyncio.run(Store.open(url))


def test_a_configured_key_file_is_never_changed(on_sqlite: Place) -> None:
    """Its copies on other machines would not know the new key."""
    file = on_sqlite.folder / "key"
    file.touch(0o600)
    file.write_text(KEY.reveal())

    async def run() -> None:
        store = await Store.open(on_sqlite.url, key_file=file, now=on_sqlite.clock)
        await store.tokens.put("k", on_sqlite.token("ghs_one"), SCOPE, "app-1", 42)
        newer = Fernet.generate_key().decode()
        file.write_text(f"{newer}\n{KEY.reveal()}\n")
        assert await store.rotate_keys() == 1
        assert file.read_text().split() == [newer, KEY.reveal()]
        file.write_text(newer)
        assert await store.tokens.get("k") is not None
        await store.close()

    asyncio.run(run())


def test_a_full_disk_is_told_by_its_name(on_sqlite: Place) -> None:
    async def run() -> None:
        async with on_sqlite.store() as store:

            async def fill(to: AsyncConnection) -> None:
                await to.exec_driver_sql("CREATE TABLE big (x)")
                pages = (await to.exec_driver_sql("PRAGMA page_count")).scalar_one()
                await to.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                await to.exec_driver_sql("INSERT INTO big VALUES (zeroblob(1000000))")

            with pytest.raises(StoreError, match="SQLITE_FULL"):
                await store._database.write(fill)
            await store.journal.note(Entry(at=1.0, kind="admin"))

    asyncio.run(run())
