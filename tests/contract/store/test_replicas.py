"""What replicas owe one another: one minter at a time, and no revoked bearer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gitlease.broker.store import Store, StoreUnavailableError, digest_of
from gitlease.broker.store.single_flight import SingleFlight
from tests.support.stores import Place


async def until_dead(store: Store, digest: bytes) -> float:
    """Return the seconds until *store* knows no caller by *digest*."""
    started = time.monotonic()
    while await store.bearers.caller(digest) is not None:
        assert time.monotonic() - started < 10
        await asyncio.sleep(0.01)
    return time.monotonic() - started


@pytest.mark.parametrize("deaf", [False, True])
def test_a_revoked_bearer_is_dead_on_another_replica_within_a_second(
    place: Place, *, deaf: bool
) -> None:
    """Even on a replica that no message reaches."""

    async def run() -> None:
        async with place.store() as one, place.store() as two:
            await one.workspaces.create("ws-1")
            bearer = await one.bearers.create("ws-1")
            assert bearer is not None
            digest = digest_of(bearer.plaintext)
            assert await two.bearers.caller(digest) is not None
            if deaf:
                await two._invalidations.close()
            await one.bearers.revoke("ws-1", bearer.token_id)
            assert await until_dead(two, digest) < 1.0

    asyncio.run(run())


def test_a_read_that_began_before_a_revocation_brings_no_bearer_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            bearer = await store.bearers.create("ws-1")
            assert bearer is not None
            digest = digest_of(bearer.plaintext)
            was_read, goes_on = asyncio.Event(), asyncio.Event()
            read = store._database.read

            async def slow(work: Any) -> Any:
                row = await read(work)
                was_read.set()
                await goes_on.wait()
                return row

            monkeypatch.setattr(store._database, "read", slow)
            early = asyncio.create_task(store.bearers.caller(digest))
            await was_read.wait()
            await store.bearers.revoke("ws-1", bearer.token_id)
            goes_on.set()
            await early
            assert await store.bearers.caller(digest) is None

    asyncio.run(run())


def test_every_replica_hears_what_was_taken_away(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            heard = {id(store): listen(store, 3) for store in (one, two)}
            await asyncio.sleep(0)
            await one.workspaces.create("ws-1")
            bearer = await one.bearers.create("ws-1")
            assert bearer is not None
            await one.bearers.revoke("ws-1", bearer.token_id)
            await one.workspaces.set_grants("ws-1", ())
            await one.tokens.drop_fingerprint("fp")
            expected = [
                {"kind": "bearer", "workspace_id": "ws-1", "token_id": bearer.token_id},
                {"kind": "workspace", "workspace_id": "ws-1"},
                {"kind": "token", "fingerprint": "fp"},
            ]
            async with asyncio.timeout(5):
                assert await heard[id(one)] == expected
                assert await heard[id(two)] == expected

    asyncio.run(run())


def test_a_message_that_nobody_understands_clears_memories_and_stops_nothing(
    place: Place,
) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            heard = listen(two, 4)
            await asyncio.sleep(0)
            # The last one would end whoever looks its fingerprint up.
            for text in ("no json", "[]", '{"kind": "token", "fingerprint": []}'):
                await one._database.write(saying(place, text))
            await one.tokens.drop_fingerprint("fp")
            async with asyncio.timeout(5):
                assert await heard == [
                    {"kind": "reset"},
                    {"kind": "reset"},
                    {"kind": "reset"},
                    {"kind": "token", "fingerprint": "fp"},
                ]

    asyncio.run(run())


def test_a_listener_with_a_defect_makes_no_replica_deaf(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        failed = asyncio.Event()

        def fails_once(_message: dict[str, str]) -> None:
            two._invalidations._listeners.remove(fails_once)
            failed.set()
            raise ZeroDivisionError("canary")

        async with place.store() as one, place.store() as two:
            two._invalidations.listen(fails_once)
            await one.tokens.drop_fingerprint("first")
            async with asyncio.timeout(10):
                await failed.wait()
                heard = listen(two, 1)
                await asyncio.sleep(0)
                await one.tokens.drop_fingerprint("second")
                while {"kind": "token", "fingerprint": "second"} not in await heard:
                    heard = listen(two, 1)

    asyncio.run(run())
    if place.postgres is None:
        assert "messages were missed: ZeroDivisionError" in caplog.text


def saying(place: Place, text: str) -> Callable[[AsyncConnection], Awaitable[Any]]:
    """Return what sends *text* to every replica as somebody else would."""
    statement = (
        f"SELECT pg_notify('gitlease', '{text}')"
        if place.postgres
        else f"INSERT INTO invalidations (at, message) VALUES (1, '{text}')"
    )
    return lambda to: to.exec_driver_sql(statement)


def listen(store: Store, count: int) -> asyncio.Task[list[dict[str, str]]]:
    """Return the next *count* messages of *store*, to come."""

    async def gather() -> list[dict[str, str]]:
        got = []
        async for message in store.invalidations():
            got.append(message)
            if len(got) == count:
                break
        return got

    return asyncio.create_task(gather())


def test_one_holder_at_a_time_among_replicas_for_each_key(place: Place) -> None:
    async def run() -> None:
        inside: dict[str, int] = {"a": 0, "b": 0}
        most: dict[str, int] = {"a": 0, "b": 0}
        both = asyncio.Event()

        async def hold(store: Store, key: str) -> None:
            async with store.single_flight(key):
                inside[key] += 1
                most[key] = max(most[key], inside[key])
                if inside["a"] and inside["b"]:
                    both.set()
                await asyncio.sleep(0.01)
                inside[key] -= 1

        async with place.store() as one, place.store() as two:
            stores = (one, two)
            await asyncio.gather(
                *(hold(stores[number % 2], "ab"[number // 2 % 2]) for number in range(40))
            )
        assert most == {"a": 1, "b": 1}
        assert both.is_set()  # two keys do not wait for each other

    asyncio.run(run())


def test_whoever_waits_too_long_is_told_and_the_next_goes_on(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            short = SingleFlight(two._database.address, limit=0.3)
            async with one.single_flight("k"):
                with pytest.raises(StoreUnavailableError, match="too long"):
                    async with short("k"):
                        pytest.fail("two at once")
                # The one that gave up left nothing behind that holds the lock.
            async with asyncio.timeout(5), short("k"), one.single_flight("other"):
                pass
            async with asyncio.timeout(5), one.single_flight("k"):
                pass
            await short.close()

    asyncio.run(run())


def test_an_error_within_frees_the_key(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            with pytest.raises(ZeroDivisionError):
                async with one.single_flight("k"):
                    raise ZeroDivisionError
            async with asyncio.timeout(5), two.single_flight("k"):
                pass

    asyncio.run(run())
