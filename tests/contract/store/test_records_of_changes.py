"""A change and its record are one: neither is there without the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gitlease.broker.store import (
    Entry,
    Filters,
    Store,
    StoreError,
    bearers,
    digest_of,
    enrolling,
    enrolments,
    new_bearer,
    workspaces,
)
from gitlease.model.grants import Grant
from tests.support.stores import Place

RECORD = Entry(at=1.0, kind="admin", request_id="r", workspace_id="ws-1", reason="changed")
GRANTS = (Grant.of("acme", ["app"]),)
Change = Callable[[Store], Awaitable[object]]


async def state(store: Store) -> list[Any]:
    """Return what the changes below can change."""
    return [
        await store.workspaces.list(),
        await store.bearers.list("ws-1"),
        await store.enrolments.list(),
        await store.journal.page(filters=Filters(kind="admin")),
    ]


async def revoke_bearer(store: Store) -> object:
    (one,) = await store.bearers.list("ws-1")
    return await store.bearers.revoke("ws-1", one.token_id, RECORD, shuts=True)


async def revoke_enrolment(store: Store) -> object:
    (one,) = await store.enrolments.list()
    return await store.enrolments.revoke(one.id, RECORD)


CHANGES: dict[str, Change] = {
    "workspace made": lambda store: store.workspaces.create("ws-2", GRANTS, RECORD),
    "grants changed": lambda store: store.workspaces.change_grants(
        "ws-1", lambda _: GRANTS, lambda _: RECORD
    ),
    "workspace removed": lambda store: store.workspaces.remove("ws-1", RECORD),
    "bearer made": lambda store: store.bearers.create("ws-1", RECORD),
    "bearer revoked": revoke_bearer,
    "secret made": lambda store: store.enrolments.create(record=RECORD),
    "secret revoked": revoke_enrolment,
    "registered": lambda store: store.enrolling.first_bearer("ws-3", None, new_bearer(), RECORD),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_cannot_be_recorded_did_not_happen(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_connection: object, record: Entry | None) -> None:
        assert record is not None
        raise StoreError("the disk is full")

    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            await store.bearers.create("ws-1")
            await store.enrolments.create()
            before = await state(store)
            with monkeypatch.context() as patched:
                for module in (bearers, enrolling, enrolments, workspaces):
                    patched.setattr(module, "add", refused)
                with pytest.raises(StoreError, match="full"):
                    await CHANGES[name](store)
            assert await state(store) == before
            await CHANGES[name](store)
            assert [one.reason for one in (await state(store))[-1]] == ["changed"]

    asyncio.run(run())


def test_a_workspace_whose_registration_failed_comes_in_later(place: Place) -> None:
    """It has been told no bearer, so it must have none."""

    async def run() -> None:
        async with place.store() as store:
            secret = await store.enrolments.create()
            invitation = await store.enrolments.find(digest_of(secret.secret), "ws-1")
            torn = Entry(at=1.0, kind="admin", reason=object())  # type: ignore[arg-type]
            with pytest.raises(StoreError):
                await store.enrolling.first_bearer("ws-1", invitation, new_bearer(), torn)
            new = new_bearer()
            assert await store.enrolling.first_bearer("ws-1", invitation, new, RECORD)
            (one,) = await store.bearers.list("ws-1")
            assert one.token_id == new.token_id

    asyncio.run(run())
