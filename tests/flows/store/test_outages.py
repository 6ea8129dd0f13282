"""PostgreSQL goes away and comes back: nothing hangs, nothing confirmed is lost."""

import asyncio
import time

import pytest

from gitlease.broker.store import (
    Entry,
    NotMigratedError,
    Store,
    StoreUnavailableError,
    digest_of,
)
from gitlease.model.errors import SettingsError
from tests.support.postgres import Postgres
from tests.support.stores import KEY, Place

# Above the store's own limit for a call, and far below a test's.
HANGS = 15.0  # seconds


class Load:
    """Calls on a store without a pause; it knows which were confirmed, and how long any took."""

    def __init__(self, store: Store, digest: bytes) -> None:
        self._store = store
        self._digest = digest
        self.confirmed: list[str] = []
        self.failed: list[StoreUnavailableError] = []
        self.longest = 0.0
        self._over = False

    async def run(self, name: str) -> None:
        """Call until `stop`."""
        number = 0
        while not self._over:
            number += 1
            started = time.monotonic()
            request = f"{name}-{number}"
            try:
                async with asyncio.timeout(HANGS):
                    await self._store.bearers.caller(self._digest)
                    async with self._store.single_flight(name):
                        entry = Entry(at=1.0, kind="lease", request_id=request)
                        await self._store.journal.note(entry)
                self.confirmed.append(request)
            except StoreUnavailableError as failed:
                self.failed.append(failed)
                await asyncio.sleep(0.01)
            self.longest = max(self.longest, time.monotonic() - started)

    async def confirms(self) -> None:
        """Return when one more call was confirmed."""
        before = len(self.confirmed)
        async with asyncio.timeout(20):
            while len(self.confirmed) <= before:  # noqa: ASYNC110 - a test polls
                await asyncio.sleep(0.01)

    def stop(self) -> None:
        """Let the calls under way be the last."""
        self._over = True


@pytest.mark.parametrize("how", ["restart", "freeze", "long freeze"])
def test_a_restart_under_load_hangs_no_call_and_loses_no_record(
    on_postgresql: Place, how: str
) -> None:
    postgres = on_postgresql.postgres
    assert postgres is not None

    async def run() -> None:
        async with on_postgresql.store() as store:
            await store.workspaces.create("ws-1")
            bearer = await store.bearers.create("ws-1")
            assert bearer is not None
            load = Load(store, digest_of(bearer.plaintext))
            async with asyncio.TaskGroup() as tasks:
                for number in range(8):
                    tasks.create_task(load.run(f"caller-{number}"))
                await load.confirms()
                await asyncio.to_thread(_away, postgres, how)
                await load.confirms()
                load.stop()
            assert load.longest < HANGS
            assert how == "restart" or bool(load.failed) is (how == "long freeze")
            kept = {record.request_id for record in await store.journal.page(limit=1_000_000)}
            assert set(load.confirmed) <= kept
            assert all("ghs_" not in str(failed) for failed in load.failed)

    asyncio.run(run())


def _away(postgres: Postgres, how: str) -> None:
    if how == "restart":
        postgres.stop()
        time.sleep(1)
        postgres.start()
    else:
        postgres.freeze(frozen=True)
        try:
            # The long one is longer than a call may take.
            time.sleep(9 if how.startswith("long") else 2)
        finally:
            postgres.freeze(frozen=False)


def test_while_it_is_away_a_call_fails_in_time_with_a_cure(on_postgresql: Place) -> None:
    postgres = on_postgresql.postgres
    assert postgres is not None

    async def run() -> None:
        async with on_postgresql.store() as store:
            await asyncio.to_thread(postgres.stop)
            try:
                calls = [
                    store.ping(),
                    store.journal.note(Entry(at=1.0, kind="admin")),
                    store.tokens.get("k"),
                    _entered(store),
                ]
                async with asyncio.timeout(HANGS):
                    results = await asyncio.gather(*calls, return_exceptions=True)
                assert [type(result) for result in results] == [StoreUnavailableError] * 4
            finally:
                await asyncio.to_thread(postgres.start)
            async with asyncio.timeout(HANGS):
                await store.ping()

    asyncio.run(run())


def test_a_call_made_during_a_restart_waits_for_it(on_postgresql: Place) -> None:
    postgres = on_postgresql.postgres
    assert postgres is not None

    async def run() -> None:
        async with on_postgresql.store() as store:
            await store.ping()
            await asyncio.to_thread(postgres.stop)
            calls = [
                asyncio.create_task(store.journal.note(Entry(at=1.0, kind="admin"))),
                asyncio.create_task(store.ping()),
            ]
            try:
                done, _ = await asyncio.wait(calls, timeout=0.5)
                assert done == set()
            finally:
                await asyncio.to_thread(postgres.start)
            await asyncio.gather(*calls)
            assert len(await store.journal.page()) == 1

    asyncio.run(run())


async def _entered(store: Store) -> None:
    async with store.single_flight("k"):
        pass


def test_after_a_restart_messages_are_heard_again_and_memories_cleared(
    on_postgresql: Place,
) -> None:
    postgres = on_postgresql.postgres
    assert postgres is not None

    async def run() -> None:
        async with on_postgresql.store() as one, on_postgresql.store() as two:
            messages = two.invalidations()
            first = asyncio.ensure_future(anext(messages))
            await asyncio.to_thread(postgres.stop)
            await asyncio.to_thread(postgres.start)
            async with asyncio.timeout(HANGS):
                assert await first == {"kind": "reset"}
                await one.tokens.drop_fingerprint("fp")
                heard = await anext(messages)
            assert heard == {"kind": "token", "fingerprint": "fp"}

    asyncio.run(run())


def test_an_empty_database_is_refused_until_it_is_migrated(on_postgresql: Place) -> None:
    postgres = on_postgresql.postgres
    assert postgres is not None
    url = postgres.url(postgres.create())

    async def run() -> None:
        with pytest.raises(NotMigratedError, match=r"has no tables.*gitlease broker migrate") as no:
            await Store.open(url, keys=[KEY])
        assert "\n" not in str(no.value)
        await asyncio.gather(*(Store.migrate(url) for _ in range(3)))
        store = await Store.open(url, keys=[KEY])
        await store.close()
        found, needed = await Store.revision(url)
        assert found == needed

    asyncio.run(run())


def test_postgresql_needs_a_key_from_outside(on_postgresql: Place) -> None:
    with pytest.raises(SettingsError, match="no key"):
        asyncio.run(Store.open(on_postgresql.url))


def test_many_keys_at_once_wait_and_leave_connections_to_others(on_postgresql: Place) -> None:
    postgres = on_postgresql.postgres
    assert postgres is not None
    counts: list[int] = []

    async def run() -> None:
        async with on_postgresql.store() as store:

            async def hold(number: int) -> None:
                async with store.single_flight(f"key-{number}"):
                    await asyncio.sleep(0.05)
                    if number % 20 == 0:
                        asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'gitlease'"
                        counts.append(int(await asyncio.to_thread(postgres.sql, asked)))

            await asyncio.gather(*(hold(number) for number in range(200)))

    asyncio.run(run())
    assert max(counts) <= 30
