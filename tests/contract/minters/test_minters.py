"""What every minter promises, and what a store of tokens promises the one that caches."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitlease.broker.minters import Cached, MemoryStore, Minter, TokenStore
from gitlease.broker.minters.token_store import SingleFlight
from gitlease.broker.store import Store
from gitlease.emulator import GitHub
from gitlease.model.errors import (
    NotInstalledError,
    RateLimitedError,
    RefusedError,
    SuspendedError,
    UnreachableError,
)
from gitlease.model.scopes import Scope
from gitlease.model.tokens import Secret, Token
from tests.support.apps import minter_at, run

pytestmark = pytest.mark.enable_socket

ACME = Scope.of("acme")


@dataclass
class Shared:
    """A store of tokens with its right to mint."""

    tokens: TokenStore
    single_flight: SingleFlight


Opens = Callable[[], AbstractAsyncContextManager[Shared]]
Makes = Callable[[], AbstractAsyncContextManager[Minter]]


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture(params=["memory", "sqlite"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Opens:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Shared]:
        if request.param == "memory":
            memory = MemoryStore()
            yield Shared(memory, memory.single_flight)
            return
        store = await Store.open(f"sqlite:///{tmp_path / 'broker.db'}", key_file=None)
        try:
            yield Shared(store.tokens, store.single_flight)
        finally:
            await store.close()

    return opened


@pytest.fixture(params=["github", "cached in memory", "cached in sqlite"])
def minter(request: pytest.FixtureRequest, github: GitHub, tmp_path: Path) -> Makes:
    @contextlib.asynccontextmanager
    async def made() -> AsyncIterator[Minter]:
        async with contextlib.AsyncExitStack() as stack:
            inner = await stack.enter_async_context(minter_at(github, limit=1.0, try_limit=0.4))
            if request.param == "github":
                yield inner
            elif request.param == "cached in memory":
                memory = MemoryStore()
                yield await stack.enter_async_context(Cached(inner, memory, memory.single_flight))
            else:
                url = f"sqlite:///{tmp_path / 'broker.db'}"
                store = await Store.open(url, key_file=None)
                stack.push_async_callback(store.close)
                cached = Cached(inner, store.tokens, store.single_flight)
                yield await stack.enter_async_context(cached)

    return made


def test_a_token_is_of_exactly_the_scope_and_lasts(minter: Makes, github: GitHub) -> None:
    async def story() -> None:
        async with minter() as one:
            scope = Scope.of("acme", ["lib", "app"], {"contents": "read"})
            minted = await one.mint(scope, min_ttl=600)
            assert minted.token.usable(github.now(), 600)
            assert minted.app == str(github.app_id)
            assert {"id": minted.installation, "owner": "acme"} in github.installations
            assert minted.source == "mint"
            assert minted.token.secret.reveal() not in f"{minted} {minted!r}"

    run(story())
    assert github.requests()[-1]["json"] == {
        "repositories": ["app", "lib"],
        "permissions": {"contents": "read"},
    }


def test_no_empty_list_reaches_github(minter: Makes, github: GitHub) -> None:
    async def story() -> None:
        async with minter() as one:
            await one.mint(ACME, min_ttl=600)

    run(story())
    assert github.requests()[-1]["json"] == {}


def test_each_trouble_keeps_its_name(minter: Makes, github: GitHub) -> None:
    async def story() -> None:
        async with minter() as one:
            with pytest.raises(NotInstalledError):
                await one.mint(Scope.of("nobody"), min_ttl=600)
            with pytest.raises(RefusedError):
                await one.mint(Scope.of("acme", ["never-was"]), min_ttl=600)
            github.suspend("acme")
            with pytest.raises(SuspendedError):
                await one.mint(ACME, min_ttl=600)
            github.fault("mint", hang=True)
            with pytest.raises(UnreachableError):
                await one.mint(Scope.of("other"), min_ttl=600)
            github.clear_faults()
            github.fault("mint", secondary=True, retry_after=9)
            with pytest.raises(RateLimitedError) as raised:
                await one.mint(Scope.of("other"), min_ttl=600)
            assert raised.value.retry_after == 9

    run(story())


def test_a_revoked_token_is_dead_and_revoking_it_again_is_fine(
    minter: Makes, github: GitHub
) -> None:
    async def story() -> None:
        async with minter() as one:
            minted = await one.mint(ACME, min_ttl=600)
            await one.revoke(minted)
            await one.revoke(minted)
            again = await one.mint(ACME, min_ttl=600)
            assert again.token.fingerprint != minted.token.fingerprint
            assert github.revoke(minted.token.secret.reveal()) == 0

    run(story())


def some_token(text: str, now: float) -> Token:
    return Token(Secret(text), now + 3600, now, source="test")


def test_a_store_gives_back_what_was_put_last(opens: Opens) -> None:
    async def story() -> None:
        async with opens() as shared:
            assert await shared.tokens.get("k") is None
            for text in ("ghs_one", "ghs_two"):
                token = some_token(text, 1_800_000_000.0)
                await shared.tokens.put("k", token, ACME, "1", 7)
            row = await shared.tokens.get("k")
            assert row is not None
            assert row.token.secret.reveal() == "ghs_two"
            assert (row.token.expires_at, row.token.lifetime) == (1_800_003_600.0, 3600.0)
            assert (row.app, row.installation) == ("1", 7)

    run(story())


def test_a_store_drops_a_token_by_its_fingerprint(opens: Opens) -> None:
    async def story() -> None:
        async with opens() as shared:
            token = some_token("ghs_one", 1_800_000_000.0)
            await shared.tokens.put("k", token, ACME, "1", 7)
            assert await shared.tokens.drop_fingerprint("other") == []
            assert await shared.tokens.drop_fingerprint(token.fingerprint) == ["k"]
            assert await shared.tokens.get("k") is None

    run(story())


def test_a_store_remembers_a_rejection_for_its_time(opens: Opens) -> None:
    async def story() -> None:
        async with opens() as shared:
            await shared.tokens.remember_rejected("young", 9e9)
            await shared.tokens.remember_rejected("old", 1.0)
            assert await shared.tokens.is_rejected("young")
            assert not await shared.tokens.is_rejected("old")
            assert not await shared.tokens.is_rejected("other")

    run(story())


def test_one_at_a_time_has_the_right_to_mint(opens: Opens) -> None:
    async def story() -> None:
        async with opens() as shared:
            inside = most = 0

            async def enter(key: str) -> None:
                nonlocal inside, most
                async with shared.single_flight(key):
                    inside += 1
                    most = max(most, inside)
                    await asyncio.sleep(0.01)
                    inside -= 1

            await asyncio.gather(*(enter("k") for _ in range(10)))
            assert most == 1
            await asyncio.gather(enter("a"), enter("b"))
            assert most == 2

    run(story())
