"""Workspaces, bearers, enrolments and quotas."""

import asyncio
import hashlib

import pytest

from gitlease.broker.store import (
    Store,
    UnknownWorkspaceError,
    WorkspaceExistsError,
    digest_of,
)
from gitlease.model.grants import Grant
from tests.support.stores import Place

GRANTS = (Grant.of("acme", ["app"], {"contents": "read"}, 5), Grant.of("other", "ALL"))


async def new_bearer(store: Store, workspace: str = "ws-1") -> tuple[str, bytes]:
    """Return a new bearer's id and digest."""
    made = await store.bearers.create(workspace)
    return made.token_id, digest_of(made.plaintext)


def test_a_workspace_has_the_grants_it_was_given(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            assert await store.workspaces.get("ws-1") is None
            created = await store.workspaces.create("ws-1", GRANTS)
            assert created.grants == GRANTS
            assert await store.workspaces.get("ws-1") == created
            with pytest.raises(WorkspaceExistsError):
                await store.workspaces.create("ws-1")
            changed = await store.workspaces.set_grants("ws-1", GRANTS[:1])
            assert await store.workspaces.get("ws-1") == changed
            assert changed.grants == GRANTS[:1]
            with pytest.raises(UnknownWorkspaceError):
                await store.workspaces.set_grants("ws-2", ())

    asyncio.run(run())


def test_workspaces_are_listed_page_by_page_without_the_removed(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            for number in range(5):
                await store.workspaces.create(f"ws-{number}")
            await store.workspaces.remove("ws-1")
            first = await store.workspaces.list(limit=2)
            rest = await store.workspaces.list(first[-1].id)
            assert [row.id for row in (*first, *rest)] == ["ws-0", "ws-2", "ws-3", "ws-4"]

    asyncio.run(run())


def test_a_bearer_names_its_workspace_with_the_grants_of_the_moment(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1", GRANTS)
            token_id, digest = await new_bearer(store)
            caller = await store.bearers.caller(digest)
            assert caller is not None
            assert (caller.workspace_id, caller.token_id) == ("ws-1", token_id)
            assert caller.grants == GRANTS
            await store.workspaces.set_grants("ws-1", ())
            changed = await store.bearers.caller(digest)
            assert changed is not None
            assert changed.grants == ()
            assert await store.bearers.caller(b"\0" * 32) is None

    asyncio.run(run())


def test_of_many_who_call_at_once_each_is_taken_for_himself(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            digests = []
            for number in range(20):
                await store.workspaces.create(f"ws-{number}", GRANTS[number % 2 :])
                digests.append((await new_bearer(store, f"ws-{number}"))[1])
            revoked, _ = await new_bearer(store, "ws-3")
            await store.bearers.revoke("ws-3", revoked)
            strangers = [bytes([number]) * 32 for number in range(5)]
            callers = await asyncio.gather(*map(store.bearers.caller, [*digests, *strangers]))
            known = [row for row in callers if row is not None]
            assert [row.workspace_id for row in known] == [f"ws-{n}" for n in range(20)]
            assert [row.grants for row in known] == [GRANTS[n % 2 :] for n in range(20)]
            assert callers[20:] == [None] * 5

    asyncio.run(run())


def test_a_revoked_bearer_is_dead_at_once(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            await store.workspaces.create("ws-2")
            token_id, digest = await new_bearer(store)
            assert await store.bearers.caller(digest) is not None
            assert not await store.bearers.revoke("ws-2", token_id)
            assert await store.bearers.caller(digest) is not None
            assert await store.bearers.revoke("ws-1", token_id)
            assert await store.bearers.caller(digest) is None
            assert not await store.bearers.revoke("ws-1", token_id)
            [row] = await store.bearers.list("ws-1")
            assert row.revoked_at == place.clock()

    asyncio.run(run())


def test_when_a_bearer_was_last_used_is_written_down_later(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            token_id, digest = await new_bearer(store)
            await store.bearers.caller(digest)
            [before] = await store.bearers.list("ws-1")
            await store.upkeep()
            [after] = await store.bearers.list("ws-1")
            assert (before.last_used_at, after.last_used_at) == (None, place.clock())
            assert after.token_id == token_id

    asyncio.run(run())


def test_a_removed_workspace_is_gone_with_its_bearers_and_may_come_again(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1", GRANTS)
            _, digest = await new_bearer(store)
            removed = await store.workspaces.remove("ws-1")
            assert (removed.bearers, removed.tokens) == (1, ())
            assert await store.bearers.caller(digest) is None
            with pytest.raises(UnknownWorkspaceError):
                await store.workspaces.remove("ws-1")
            await store.workspaces.create("ws-1")
            again = await store.workspaces.get("ws-1")
            assert again is not None
            assert again.grants == ()
            assert await store.bearers.caller(digest) is None

    asyncio.run(run())


def test_a_quota_is_never_exceeded_and_is_of_one_grant_workspace_and_hour(place: Place) -> None:
    async def run() -> None:
        many = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(500)]
        grant, wide = Grant.of("acme", ["app"], None, 7), Grant.of("acme", many, None, 7)
        async with place.store() as one, place.store() as two:
            got = await asyncio.gather(
                *(store.quotas.take("ws-1", grant, 500_000) for store in (one, two) * 10)
            )
            assert got.count(True) == 7
            for other in (("ws-1", wide, 500_000), ("ws-2", grant, 500_000), ("ws-1", grant, 9)):
                assert await one.quotas.take(*other)
            await two.quotas.give_back("ws-1", grant, 500_000)
            assert await one.quotas.take("ws-1", grant, 500_000)
            assert not await one.quotas.take("ws-1", grant, 500_000)

    asyncio.run(run())


def test_of_two_changes_of_grants_at_once_neither_undoes_the_other(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            await one.workspaces.create("ws-1")
            more = [Grant.of("acme", [f"r{number}"]) for number in range(20)]

            async def add(store: Store, grant: Grant) -> None:
                await store.workspaces.change_grants("ws-1", lambda before: [*before, grant])

            await asyncio.gather(*map(add, (one, two) * 10, more))
            row = await one.workspaces.get("ws-1")
            assert row is not None
            assert set(row.grants) == set(more)

    asyncio.run(run())
