"""A move that cannot be leaves both databases as they were, and the old one served."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Iterator

import pytest

from gitlease.broker.store import MovedError, NotMigratedError, Store, StoreError
from gitlease.model.errors import GitleaseError, SettingsError
from tests.support.brokers import GITLEASE
from tests.support.evidence import Survived
from tests.support.moving import COMMIT, filled, held, move, opened, rows, tables
from tests.support.postgres import Postgres
from tests.support.stores import Place

BEFORE = ("TRIGGER one BEFORE INSERT", "FOR EACH ROW WHEN (NEW.id = 4)")
LAST = ("CONSTRAINT TRIGGER one AFTER INSERT", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW")
REFUSES = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {} END';
CREATE {} ON journal {} EXECUTE FUNCTION refuse();
"""


@contextlib.contextmanager
def nothing_happens(source: Place, postgres: Postgres, database: str) -> Iterator[None]:
    """Assert that within the context neither changes, and that the source is still served."""
    before = rows(source.url), tables(postgres, database)
    yield
    assert (rows(source.url), tables(postgres, database)) == before
    if "journal" in before[1]:
        assert not any(rows(postgres.url(database)).values())
    asyncio.run(opened(source))


def test_a_target_that_is_not_empty_is_refused(on_sqlite: Place, on_postgresql: Place) -> None:
    filled(on_sqlite)
    before = filled(on_postgresql)
    with pytest.raises(StoreError, match="is not empty: there is something in its table "):
        asyncio.run(Store.move(on_sqlite.url, on_postgresql.url))
    assert rows(on_postgresql.url) == before
    asyncio.run(opened(on_sqlite))


@pytest.mark.parametrize("revision", ["0001", "9999"])
def test_a_target_of_another_version_is_refused(
    on_sqlite: Place, postgres: Postgres, made: str, revision: str
) -> None:
    filled(on_sqlite)
    postgres.sql(f"UPDATE alembic_version SET version_num = '{revision}'", made)
    with (
        nothing_happens(on_sqlite, postgres, made),
        pytest.raises(NotMigratedError, match=f"is at revision {revision}"),
    ):
        move(on_sqlite, postgres, made)


def test_a_source_of_another_version_is_refused(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    filled(on_sqlite)
    with contextlib.closing(sqlite3.connect(on_sqlite.folder / "broker.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(NotMigratedError, match=r"revision 0002.*`gitlease broker migrate`"):
        move(on_sqlite, postgres, empty)
    assert tables(postgres, empty) == []


def test_only_from_sqlite_to_postgresql(on_sqlite: Place, on_postgresql: Place) -> None:
    filled(on_sqlite)
    for source, target in ((on_postgresql.url, on_postgresql.url), (on_sqlite.url, on_sqlite.url)):
        with pytest.raises(SettingsError, match="database is"):
            asyncio.run(Store.move(source, target))
    with pytest.raises(SettingsError, match="never moved"):
        Store.undo_move(on_postgresql.url)
    asyncio.run(opened(on_sqlite))


def test_a_file_that_is_not_there_is_not_made(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    with pytest.raises(StoreError, match="there is no SQLite at"):
        move(on_sqlite, postgres, empty)
    file = on_sqlite.folder / "broker.db"
    assert not file.exists()
    file.touch()
    with pytest.raises(StoreError, match="has no tables"):
        move(on_sqlite, postgres, empty)


def test_a_file_that_anybody_has_open_is_not_moved(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    """A broker that is idle has it open, and so has a program that only reads."""
    filled(on_sqlite)

    async def while_served() -> None:
        async with on_sqlite.store():
            # A second look at it takes no lock from the first, though to close a file ends every
            # lock that its process has on it (fcntl(2)).
            await Store.revision(on_sqlite.url)
            assert "is in use" in await moved_by_another(on_sqlite, postgres.url(empty))

    asyncio.run(while_served())
    with contextlib.closing(sqlite3.connect(on_sqlite.folder / "broker.db")) as reader:
        reader.execute("SELECT count(*) FROM journal").fetchall()
        assert "is in use" in asyncio.run(moved_by_another(on_sqlite, postgres.url(empty)))
    assert tables(postgres, empty) == []
    assert asyncio.run(moved_by_another(on_sqlite, postgres.url(empty))) == ""


async def moved_by_another(source: Place, target: str) -> str:
    """Let another process move it, since SQLite knows of locks in its own; return its complaint."""
    env = {"GITLEASE_BROKER_DATABASE_URL": source.url, "GITLEASE_BROKER_MOVE_TO": target}
    other = await asyncio.create_subprocess_exec(
        GITLEASE,
        "broker",
        "move",
        env=os.environ | env,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    return (await other.communicate())[1].decode()


def test_a_record_that_postgresql_cannot_keep_leaves_no_tables_behind(
    on_sqlite: Place, postgres: Postgres, empty: str
) -> None:
    filled(on_sqlite)
    with contextlib.closing(sqlite3.connect(on_sqlite.folder / "broker.db")) as file, file:
        file.execute("UPDATE journal SET reason = ? WHERE id = 3", ("a\0b",))
    with (
        nothing_happens(on_sqlite, postgres, empty),
        pytest.raises(StoreError, match="table journal, refused"),
    ):
        move(on_sqlite, postgres, empty)


@pytest.mark.parametrize(
    ("body", "when", "said"),
    [
        ("RETURN NULL;", BEFORE, "7 of 8 rows of journal"),
        ("RAISE ''no'';", BEFORE, "table journal, refused"),
        ("RAISE ''no'';", LAST, "refused"),
    ],
    ids=["a row is dropped", "a row is refused", "the commit is refused"],
)
def test_a_target_that_does_not_take_it_leaves_all_as_it_was(
    on_sqlite: Place, postgres: Postgres, made: str, body: str, when: tuple[str, str], said: str
) -> None:
    before = filled(on_sqlite)
    postgres.sql(REFUSES.format(body, *when), made)
    with nothing_happens(on_sqlite, postgres, made), pytest.raises(StoreError, match=said):
        move(on_sqlite, postgres, made)
    postgres.sql("DROP FUNCTION refuse CASCADE", made)
    move(on_sqlite, postgres, made)
    assert rows(postgres.url(made)) == before


def test_where_nobody_knows_whether_it_was_kept_the_old_file_is_not_served(
    on_sqlite: Place, postgres: Postgres, made: str, survived: Survived
) -> None:
    before = filled(on_sqlite)
    with held(postgres, made, COMMIT) as hold:

        async def run() -> None:
            moving = asyncio.create_task(Store.move(on_sqlite.url, postgres.url(made)))
            pid = await asyncio.to_thread(hold.wait)
            await asyncio.to_thread(postgres.sql, f"SELECT pg_terminate_backend({pid})")
            with pytest.raises(StoreError, match="nobody knows whether") as told:
                await moving
            assert "`gitlease broker move --undo`" in told.value.hint

        asyncio.run(run())
    survived("a move whose commit was not answered")
    with pytest.raises(MovedError):
        asyncio.run(opened(on_sqlite))
    assert not any(rows(postgres.url(made)).values())
    Store.undo_move(on_sqlite.url)
    move(on_sqlite, postgres, made)
    assert rows(postgres.url(made)) == before


def test_a_server_that_is_not_there_is_told_and_nothing_changes(on_sqlite: Place) -> None:
    filled(on_sqlite)
    url = f"postgresql://gitlease:a-long-password@/gitlease?host={on_sqlite.folder}"
    with pytest.raises(GitleaseError, match="cannot be reached") as told:
        asyncio.run(Store.move(on_sqlite.url, url))
    assert "a-long-password" not in str(told.value)
    asyncio.run(opened(on_sqlite))
