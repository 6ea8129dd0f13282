"""Cached tokens: sealed, shared, forgotten."""

import asyncio
import hashlib

import pytest
from cryptography.fernet import Fernet

from gitlease.broker.minters import Cached
from gitlease.broker.store import Entry, tokens
from gitlease.model.scopes import Scope
from gitlease.model.tokens import Secret
from tests.support.minting import Clock as MintClock
from tests.support.minting import Mint
from tests.support.stores import KEY, Place

SCOPE = Scope.of("acme", ["app"], {"contents": "read"})


def test_a_token_comes_back_whole_in_another_replica(place: Place) -> None:
    async def run() -> None:
        token = place.token("ghs_one", life=1800)
        async with place.store() as one, place.store() as two:
            assert await two.tokens.get("k") is None
            await one.tokens.put("k", token, SCOPE, "app-1", 42)
            found = await two.tokens.get("k")
            assert found is not None
            assert found.token.secret == token.secret
            assert (found.token.expires_at, found.token.minted_at, found.token.lifetime) == (
                token.expires_at,
                token.minted_at,
                1800,
            )
            assert (found.scope, found.app, found.installation) == (SCOPE, "app-1", 42)
            await two.tokens.put("k", place.token("ghs_two"), Scope.of("acme"), "app-1", 42)
            newer = await one.tokens.get("k")
            assert newer is not None
            assert newer.token.secret == Secret("ghs_two")
            assert newer.scope == Scope.of("acme")

    asyncio.run(run())


def test_a_token_for_as_many_names_as_a_grant_may_have_is_shared_too(place: Place) -> None:
    """Its scope in words is longer than an index of PostgreSQL takes."""

    async def run() -> None:
        names = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(500)]
        scope = Scope.of("acme", names)
        mint = Mint(MintClock(place.clock()))
        async with place.store() as one, place.store() as two:
            for store, origin in ((one, "mint"), (two, "store")):
                cached = Cached(mint, store.tokens, store.single_flight, now=place.clock)
                async with cached:
                    assert (await cached.mint(scope, min_ttl=600)).source == origin

    asyncio.run(run())


def test_a_dropped_fingerprint_is_gone_everywhere(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            token = place.token("ghs_one")
            await one.tokens.put("a", token, SCOPE, "app-1", 42)
            await one.tokens.put("b", token, SCOPE, "app-1", 42)
            await one.tokens.put("c", place.token("ghs_other"), SCOPE, "app-1", 42)
            assert sorted(await two.tokens.drop_fingerprint(token.fingerprint)) == ["a", "b"]
            assert await one.tokens.get("a") is None
            assert await one.tokens.get("c") is not None

    asyncio.run(run())


def test_a_token_is_found_by_its_fingerprint(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            token = place.token("ghs_one")
            await one.tokens.put("a", token, SCOPE, "app-1", 42)
            found = await two.tokens.find(token.fingerprint)
            assert found is not None
            assert (found[0], found[1].token.secret, found[1].app) == ("a", token.secret, "app-1")
            assert await two.tokens.find("another") is None

    asyncio.run(run())


def test_a_rejected_fingerprint_is_remembered_for_its_time(place: Place) -> None:
    async def run() -> None:
        async with place.store() as one, place.store() as two:
            await one.tokens.remember_rejected("fp", place.clock() + 60)
            await one.tokens.remember_rejected("fp", place.clock() + 90)
            assert await two.tokens.is_rejected("fp")
            assert not await two.tokens.is_rejected("other")
            place.clock.time += 90
            assert not await two.tokens.is_rejected("fp")

    asyncio.run(run())


def test_a_token_moved_to_another_key_is_not_served(place: Place) -> None:
    """A row that somebody copied over another one would widen that one's scope."""

    async def run() -> None:
        async with place.store() as store:
            await store.tokens.put("wide", place.token("ghs_wide"), SCOPE, "app-1", 42)
            await store.tokens.put("narrow", place.token("ghs_narrow"), SCOPE, "app-1", 42)
            await store._database.write(
                lambda to: to.exec_driver_sql(
                    "UPDATE tokens SET sealed = (SELECT sealed FROM tokens WHERE key = 'wide') "
                    "WHERE key = 'narrow'"
                )
            )
            assert await store.tokens.get("narrow") is None
            assert await store.tokens.get("wide") is not None

    asyncio.run(run())


def test_after_a_rotation_the_old_key_opens_nothing(place: Place) -> None:
    async def run() -> None:
        new = Secret(Fernet.generate_key().decode())
        async with place.store() as store:
            await store.tokens.put("k", place.token("ghs_one"), SCOPE, "app-1", 42)
        async with place.store(keys=(new, KEY)) as store:
            assert await store.tokens.get("k") is not None
            assert await store.rotate_keys() == 1
        async with place.store(keys=(new,)) as store:
            assert await store.tokens.get("k") is not None
        async with place.store(keys=(KEY,)) as store:
            assert await store.tokens.get("k") is None

    asyncio.run(run())


def test_a_rotation_reaches_more_rows_than_one_transaction_takes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_BATCH", 3)

    async def run() -> None:
        new = Secret(Fernet.generate_key().decode())
        async with place.store() as store:
            for number in range(8):
                token = place.token(f"ghs_{number}")
                await store.tokens.put(f"k{number}", token, SCOPE, "app-1", 42)
        async with place.store(keys=(new, KEY)) as store:
            assert await store.rotate_keys() == 8
        async with place.store(keys=(new,)) as store:
            found = [await store.tokens.get(f"k{number}") for number in range(8)]
            assert all(found)

    asyncio.run(run())


def test_upkeep_forgets_what_is_over_and_nothing_else(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.tokens.put("short", place.token("ghs_a", life=60), SCOPE, "app-1", 42)
            await store.tokens.put("long", place.token("ghs_b"), SCOPE, "app-1", 42)
            place.clock.time += 61
            await store.upkeep()
            assert await store.tokens.get("short") is None
            assert await store.tokens.get("long") is not None

    asyncio.run(run())


@pytest.mark.parametrize("other", ["ws-2", None, "removed"])
def test_a_removal_gives_back_the_tokens_that_nobody_else_holds(
    place: Place, other: str | None
) -> None:
    async def run() -> None:
        async with place.store() as store:
            for name in ("ws-1", "ws-2", "removed"):
                await store.workspaces.create(name)
            own, shared = place.token("ghs_own"), place.token("ghs_shared")
            for key, token in (("own", own), ("shared", shared)):
                await store.tokens.put(key, token, SCOPE, "app-1", 42)
            holders = [("ws-1", own), ("ws-1", shared), (other, shared)]
            for holder, token in holders:
                await store.journal.note(
                    Entry(
                        at=place.clock(),
                        kind="lease",
                        workspace_id=holder,
                        fingerprint=token.fingerprint,
                        expires_at=token.expires_at,
                    )
                )
            await store.workspaces.remove("removed")
            assert await store.tokens.get("shared") is not None
            removed = await store.workspaces.remove("ws-1")
            expected = {"own", "shared"} if other == "removed" else {"own"}
            assert {token.key for token in removed.tokens} == expected
            assert await store.tokens.get("own") is None

    asyncio.run(run())


def test_a_removal_gives_back_what_others_hold_if_that_is_asked_for(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            for name in ("stolen", "ws-2"):
                await store.workspaces.create(name)
            shared, foreign = place.token("ghs_shared"), place.token("ghs_foreign")
            for key, token in (("shared", shared), ("foreign", foreign)):
                await store.tokens.put(key, token, SCOPE, "app-1", 42)
            holders = [("stolen", shared), ("ws-2", shared), (None, shared), ("ws-2", foreign)]
            for holder, token in holders:
                await store.journal.note(
                    Entry(
                        at=place.clock(),
                        kind="lease",
                        workspace_id=holder,
                        fingerprint=token.fingerprint,
                    )
                )
            removed = await store.workspaces.remove("stolen", also_shared=True)
            assert {token.key for token in removed.tokens} == {"shared"}
            assert await store.tokens.get("foreign") is not None

    asyncio.run(run())


def test_a_removal_gives_back_what_a_renewal_has_replaced_too(place: Place) -> None:
    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            for text, life in (("ghs_over", 60), ("ghs_old", 3600), ("ghs_new", 3600)):
                token = place.token(text, life=life)
                await store.tokens.put("k", token, SCOPE, "app-1", 42)
                await store.journal.note(
                    Entry(
                        at=place.clock(),
                        kind="lease",
                        workspace_id="ws-1",
                        fingerprint=token.fingerprint,
                    )
                )
                place.clock.time += 61
            served = await store.tokens.get("k")
            assert served is not None
            assert served.token.secret == Secret("ghs_new")
            removed = await store.workspaces.remove("ws-1")
            assert {one.token.secret.reveal() for one in removed.tokens} == {"ghs_old", "ghs_new"}
            place.clock.time += 3600
            await store.upkeep()
            assert await store.rotate_keys() == 0

    asyncio.run(run())


def test_what_is_put_and_asked_for_at_once_is_each_ones_own(place: Place) -> None:
    """They share a transaction and a read; of one key the last put is served, each kept aside."""

    async def run() -> None:
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            made = [(f"k-{n % 20}", place.token(f"ghs_{n}")) for n in range(60)]
            for _, token in made:
                await store.journal.note(
                    Entry(
                        at=place.clock(),
                        kind="lease",
                        workspace_id="ws-1",
                        fingerprint=token.fingerprint,
                    )
                )
            await asyncio.gather(
                *(store.tokens.put(key, token, SCOPE, "app-1", 42) for key, token in made)
            )
            found = await asyncio.gather(*(store.tokens.get(f"k-{n}") for n in range(21)))
            secrets = [one and one.token.secret.reveal() for one in found]
            assert secrets == [*(f"ghs_{40 + n}" for n in range(20)), None]
            removed = await store.workspaces.remove("ws-1")
            assert {one.token.secret for one in removed.tokens} == {one.secret for _, one in made}

    asyncio.run(run())


def test_a_dump_holds_no_token_bearer_or_secret(place: Place) -> None:
    async def run() -> list[str]:
        async with place.store() as store:
            await store.workspaces.create("ws-1")
            bearer = await store.bearers.create("ws-1")
            enrolment = await store.enrolments.create()
            token = place.token("ghs_canary_of_this_test")
            assert bearer is not None
            await store.tokens.put("k", token, SCOPE, "app-1", 42)
            await store.tokens.put("gone", token, SCOPE, "app-1", 42)
            await store.tokens.drop_fingerprint(token.fingerprint)
            await store.tokens.put("k", token, SCOPE, "app-1", 42)
            return [
                bearer.plaintext.reveal(),
                enrolment.secret.reveal(),
                token.secret.reveal(),
                KEY.reveal(),
                token.fingerprint,
                place.dump(),
            ]

    *canaries, fingerprint, dump = asyncio.run(run())
    assert fingerprint in dump  # it is the database that was searched
    after = place.dump()
    for canary in canaries:
        assert canary not in dump + after
        assert canary.encode().hex() not in dump + after
