"""Who comes in by an enrolment secret: once for each use, and nobody who was shut out."""

import asyncio

import pytest

from gitlease.broker.store import NewEnrolment, ShutOutError, Store, digest_of, new_bearer
from gitlease.model.grants import Grant
from tests.support.stores import Place

GRANTS = (Grant.of("acme", ["app"]),)


async def enters(store: Store, secret: NewEnrolment, workspace: str = "ws-1") -> str | None:
    """Show *secret* as *workspace*; return the id of the bearer that came of it, "no" for a no."""
    invitation = await store.enrolments.find(digest_of(secret.secret), workspace)
    if invitation is None:
        return "no"
    new = new_bearer()
    try:
        is_first = await store.enrolling.first_bearer(workspace, invitation, new)
    except ShutOutError:
        return "no"
    return new.token_id if is_first else None


async def lost(store: Store, *, shuts: bool | None, workspace: str = "ws-1") -> None:
    """Revoke the one live bearer of *workspace*."""
    (live,) = [row for row in await store.bearers.list(workspace) if row.revoked_at is None]
    assert await store.bearers.revoke(workspace, live.token_id, shuts=shuts)


def test_a_secret_is_good_for_its_workspace_its_uses_and_its_time(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            own = await store.enrolments.create("ws-1", uses=1)
            assert await enters(store, own, "ws-2") == "no"
            assert await enters(store, own, "ws-1") not in {None, "no"}
            assert await enters(store, own, "ws-1") == "no"
            timed = await store.enrolments.create(expires_at=place.clock() + 60)
            assert await enters(store, timed, "any") not in {None, "no"}
            place.clock.time += 60
            assert await enters(store, timed, "another") == "no"
            open_ended = await store.enrolments.create()
            assert await store.enrolments.revoke(open_ended.id)
            assert not await store.enrolments.revoke(open_ended.id)
            assert await enters(store, open_ended, "any") == "no"
            assert [row.used for row in await store.enrolments.list()] == [1, 1, 0]

    asyncio.run(run())


def test_a_secret_is_never_used_more_often_than_it_may(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            new = await one.enrolments.create(uses=7)
            came = await asyncio.gather(
                *(
                    enters(store, new, f"ws-{number}")
                    for number, store in enumerate((one, two) * 10)
                )
            )
            assert came.count("no") == 13
            assert len(await one.workspaces.list()) == 7

    asyncio.run(run())


def test_of_many_who_come_at_once_as_one_workspace_one_gets_the_bearer(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            new = await one.enrolments.create()
            came = await asyncio.gather(*(enters(store, new) for store in (one, two) * 10))
            assert came.count(None) == 19
            assert len(await one.bearers.list("ws-1")) == 1

    asyncio.run(run())


def test_who_has_a_live_bearer_uses_nothing_up(place: Place) -> None:
    """A container that registers at each start must not use up the secret of a whole fleet."""

    async def run() -> None:
        async with place.store() as store:
            new = await store.enrolments.create(uses=2)
            assert await enters(store, new) not in {None, "no"}
            for _ in range(3):
                assert await enters(store, new) is None
            assert [row.used for row in await store.enrolments.list()] == [1]
            assert await enters(store, new, "ws-2") not in {None, "no"}

    asyncio.run(run())


@pytest.mark.parametrize("workspace", ["ws-1", None])
def test_whoever_was_shut_out_needs_a_later_secret(place: Place, workspace: str | None) -> None:
    async def run() -> None:
        async with place.store() as store:
            old = await store.enrolments.create(workspace)
            assert await enters(store, old) not in {None, "no"}
            place.clock.time += 1
            await lost(store, shuts=True)
            assert await enters(store, old) == "no"
            assert (await enters(store, old, "ws-2") == "no") == bool(workspace)
            place.clock.time += 1
            later = await store.enrolments.create(workspace)
            assert await enters(store, later) not in {None, "no"}
            await lost(store, shuts=None)
            # It is let in again, and by every secret that is good.
            assert await enters(store, old) not in {None, "no"}

    asyncio.run(run())


def test_whoever_was_told_to_come_again_does_by_the_secret_that_it_has(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            old = await store.enrolments.create()
            await enters(store, old)
            await lost(store, shuts=False)
            assert await enters(store, old) not in {None, "no"}
            await lost(store, shuts=None)
            assert await enters(store, old) not in {None, "no"}
            await lost(store, shuts=True)
            assert await enters(store, old) == "no"

    asyncio.run(run())


def test_a_removed_workspace_needs_a_word_that_names_it(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1", GRANTS)
            own, fleets = await store.enrolments.create("ws-1"), await store.enrolments.create()
            await enters(store, fleets)
            place.clock.time += 1
            await store.workspaces.remove("ws-1")
            place.clock.time += 1
            later = await store.enrolments.create()
            for secret in (own, fleets, later):
                assert await enters(store, secret) == "no"
            assert await store.workspaces.get("ws-1") is None
            named = await store.enrolments.create("ws-1")
            assert await enters(store, named) not in {None, "no"}
            again = await store.workspaces.get("ws-1")
            assert again is not None
            assert again.grants == ()

    asyncio.run(run())


def test_a_removed_workspace_that_is_added_again_comes_in_as_a_new_one(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            fleets = await store.enrolments.create()
            await enters(store, fleets)
            await lost(store, shuts=True)
            await store.workspaces.remove("ws-1")
            await store.workspaces.create("ws-1", GRANTS)
            assert await enters(store, fleets) not in {None, "no"}
            row = await store.workspaces.get("ws-1")
            assert row is not None
            assert row.grants == GRANTS

    asyncio.run(run())


def test_no_secret_at_all_lets_in_only_whom_nobody_shut_out(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            assert await store.enrolling.first_bearer("ws-1", None, new_bearer())
            await lost(store, shuts=True)
            with pytest.raises(ShutOutError):
                await store.enrolling.first_bearer("ws-1", None, new_bearer())
            await store.workspaces.remove("ws-1")
            with pytest.raises(ShutOutError):
                await store.enrolling.first_bearer("ws-1", None, new_bearer())

    asyncio.run(run())
