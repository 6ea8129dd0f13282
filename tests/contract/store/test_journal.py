"""The journal: committed when a call returns, one end for an intent, nothing lost."""

import asyncio

import pytest
from sqlalchemy import event

from gitlease.broker.store import Entry, Filters, Outcome, Store, StoreError, journal
from tests.support.stores import Place


def intent(place: Place, request: str = "r-1", workspace: str = "ws-1") -> Entry:
    """Return an intent of *workspace*."""
    return Entry(
        at=place.clock(),
        kind="intent",
        request_id=request,
        workspace_id=workspace,
        token_id="t-1",
        scope="acme|*|*",
        owner="acme",
    )


def leased(place: Place, fingerprint: str = "fp") -> Outcome:
    """Return the good end of an intent."""
    return Outcome(
        at=place.clock() + 1,
        kind="lease",
        fingerprint=fingerprint,
        expires_at=place.clock() + 3600,
        source="mint",
    )


def count_commits(store: Store) -> list[int]:
    """Return a list that grows by one with every commit."""
    commits: list[int] = []
    engine = store._database.engine.sync_engine
    event.listen(engine, "commit", lambda _connection: commits.append(1))
    return commits


def test_an_end_carries_what_its_intent_said(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            number = await store.journal.intend(intent(place))
            await store.journal.end(number, leased(place))
            first, last = await store.journal.page()
            assert (first.id, first.kind, first.intent_id) == (number, "intent", None)
            assert (last.kind, last.intent_id) == ("lease", number)
            assert (last.request_id, last.workspace_id, last.token_id, last.scope, last.owner) == (
                "r-1",
                "ws-1",
                "t-1",
                "acme|*|*",
                "acme",
            )
            assert (last.at, last.fingerprint, last.source) == (place.clock() + 1, "fp", "mint")
            assert [record.id for record in await store.journal.by_fingerprint("fp")] == [last.id]

    asyncio.run(run())


def test_an_intent_ends_once_and_only_if_it_was(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            number = await store.journal.intend(intent(place))
            ends = [store.journal.end(number, leased(place)) for _ in range(3)]
            results = await asyncio.gather(*ends, return_exceptions=True)
            assert [type(result) for result in results if result] == [StoreError] * 2
            with pytest.raises(StoreError, match="not in the journal"):
                await store.journal.end(number + 100, leased(place))
            [_, lease] = await store.journal.page()
            with pytest.raises(StoreError, match="not in the journal"):
                await store.journal.end(lease.id, leased(place))
            assert len(await store.journal.page()) == 2

    asyncio.run(run())


def test_what_a_call_wrote_another_replica_reads_at_once(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            for number in range(10):
                await one.journal.note(Entry(at=1.0, kind="admin", request_id=str(number)))
                assert len(await two.journal.page()) == number + 1

    asyncio.run(run())


def test_calls_at_once_share_commits_and_none_is_lost(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            commits = count_commits(one)

            async def story(store: Store, name: str) -> int:
                number = await store.journal.intend(intent(place, name))
                await store.journal.end(number, leased(place, name))
                return number

            numbers = await asyncio.gather(
                *(
                    story(store, f"{which}-{number}")
                    for number in range(150)
                    for which, store in enumerate((one, two))
                )
            )
            assert len(set(numbers)) == 300
            records = await one.journal.page(limit=1000)
            intents = {r.id: r.request_id for r in records if r.kind == "intent"}
            ends = {r.intent_id: r.fingerprint for r in records if r.kind == "lease"}
            assert len(records) == 600
            assert intents == ends
            assert len(commits) <= 30

    asyncio.run(run())


def test_a_record_that_the_database_refuses_takes_no_other_with_it(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            good = Entry(at=1.0, kind="refusal", reason="good")
            bad = Entry(at=1.0, kind="refusal", reason=b"\xff")  # type: ignore[arg-type]
            worse = Entry(at="secret-value", kind="refusal", intent_id=1 << 70)  # type: ignore[arg-type]
            results = await asyncio.gather(
                *(store.journal.note(entry) for entry in (good, worse, good, bad, good)),
                return_exceptions=True,
            )
            assert [isinstance(results[place], Exception) for place in (0, 1, 2, 4)] == [
                False,
                True,
                False,
                False,
            ]
            assert "secret-value" not in str(results[1]) + repr(results[1])
            records = await store.journal.page()
            assert [record.reason for record in records].count("good") == 3

    asyncio.run(run())


def test_a_caller_that_gives_up_leaves_the_others_alone(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            tasks = [asyncio.create_task(store.journal.intend(intent(place))) for _ in range(20)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(number, int) for number in results[1::2])
            known = {record.id for record in await store.journal.page()}
            assert set(results[1::2]) <= known

    asyncio.run(run())


def test_pages_follow_one_another_under_every_filter(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            for number in range(6):
                owner = "acme" if number % 2 else "other"
                entry = Entry(at=float(number), kind="refusal", owner=owner, reason=str(number))
                await store.journal.note(entry)

            async def reasons(after: int = 0, limit: int = 100, **filters: object) -> str:
                page = await store.journal.page(after, limit, Filters(**filters))  # type: ignore[arg-type]
                return "".join(record.reason for record in page)

            [second] = (await store.journal.page(limit=2))[1:]
            assert await reasons(limit=2) == "01"
            assert await reasons(second.id) == "2345"
            assert await reasons(second.id, owner="acme") == "35"
            assert await reasons(since=2, until=4) == "23"
            assert await reasons(kind="lease") == ""
            newest = await store.journal.page(limit=2, newest_first=True)
            assert [record.reason for record in newest] == ["5", "4"]
            older = await store.journal.page(newest[-1].id, newest_first=True)
            assert "".join(record.reason for record in older) == "3210"

    asyncio.run(run())


def test_pruning_removes_what_is_older_and_gives_no_number_twice(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            for at in (1.0, 2.0, 3.0):
                await store.journal.note(Entry(at=at, kind="admin"))
            before = await store.journal.page()
            assert await store.journal.prune(10.0) == 3
            number = await store.journal.intend(intent(place))
            assert number > before[-1].id

    asyncio.run(run())


def test_more_is_pruned_than_one_transaction_takes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases go on meanwhile, and whatever the number, the time limit holds."""
    monkeypatch.setattr(journal, "_BATCH", 3)

    async def run() -> None:
        async with place.store() as store:
            await asyncio.gather(
                *(store.journal.note(Entry(at=float(at), kind="admin")) for at in range(11))
            )
            assert await store.journal.prune(10.0) == 10
            assert [one.at for one in await store.journal.page()] == [10.0]

    asyncio.run(run())


def test_closing_writes_what_was_appended(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            task = asyncio.create_task(store.journal.note(Entry(at=1.0, kind="admin")))
            await asyncio.sleep(0)
        await task
        with pytest.raises(StoreError, match="closed"):
            await store.journal.note(Entry(at=1.0, kind="admin"))
        async with place.store() as again:
            assert len(await again.journal.page()) == 1

    asyncio.run(run())
