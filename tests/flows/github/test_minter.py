"""The minter against a GitHub on loopback: which App serves an owner, and what changes under it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitlease.broker.minters import Cached, GitHubMinter, MemoryStore
from gitlease.broker.minters.owners import UNSURE
from gitlease.broker.minters.refusals import REMEMBERED
from gitlease.emulator import GitHub
from gitlease.github.api import Api, open_http
from gitlease.github.client import AppClient
from gitlease.model.errors import (
    NotInstalledError,
    RefusedError,
    SettingsError,
    UnauthorizedError,
    UnreachableError,
)
from gitlease.model.scopes import Scope
from tests.support.apps import app_at, minter_at, run

ACME = Scope.of("acme")
TWO_APPS: dict[str, Any] = {
    "app": {"slug": "one", "id": 1},
    "apps": [{"slug": "two", "id": 2}],
    "installations": [
        {"owner": "acme", "app": "one", "id": 101},
        {"owner": "other", "app": "two", "id": 202},
        {"owner": "person", "kind": "User", "app": "two", "id": 203},
    ],
    "repositories": [{"name": "acme/app"}, {"name": "other/lib"}],
}


@pytest.fixture
def two_apps() -> Iterator[GitHub]:
    with GitHub(TWO_APPS) as running:
        yield running


def test_the_owner_picks_the_app_and_its_installation(two_apps: GitHub) -> None:
    async def story() -> None:
        async with open_http(ca_file=two_apps.ca_file) as http:
            api = Api(two_apps.api_url, http)
            clients = [
                AppClient(str(app["app_id"]), [Path(app["private_key_file"])], api)
                for app in two_apps.ready()["apps"]
            ]
            minter = GitHubMinter(clients)
            for owner, app, number in [
                ("acme", "1", 101),
                ("other", "2", 202),
                ("person", "2", 203),
            ]:
                minted = await minter.mint(Scope.of(owner), min_ttl=600)
                assert (minted.app, minted.installation) == (app, number)
            with pytest.raises(NotInstalledError, match="no App of this broker"):
                await minter.mint(Scope.of("nobody"), min_ttl=600)
            with pytest.raises(NotInstalledError, match="3 installations"):
                await minter.mint(Scope.of(None), min_ttl=600)
            default = GitHubMinter(clients, default=202)
            assert (await default.mint(Scope.of(None), min_ttl=600)).app == "2"
            assert default.realm != minter.realm

    run(story())


def test_one_app_with_a_bad_key_leaves_the_other_apps_owners_served(two_apps: GitHub) -> None:
    async def story() -> None:
        async with open_http(ca_file=two_apps.ca_file) as http:
            api = Api(two_apps.api_url, http)
            one, two = (Path(app["private_key_file"]) for app in two_apps.ready()["apps"])
            minter = GitHubMinter([AppClient("1", [two], api), AppClient("2", [two], api)])
            assert (await minter.mint(Scope.of("other"), min_ttl=600)).app == "2"
            with pytest.raises(UnauthorizedError):
                await minter.mint(ACME, min_ttl=600)
            assert one != two

    run(story())


def test_an_app_that_could_not_be_asked_serves_again_soon(tmp_path: Path) -> None:
    """The next one that is installed there may have wider permissions, and is no lasting answer."""
    seed = TWO_APPS | {
        "installations": [
            {"owner": "acme", "app": "one", "id": 101},
            {"owner": "acme", "app": "two", "id": 201},
        ]
    }
    at = 0.0

    async def story(world: GitHub) -> None:
        nonlocal at
        async with open_http(ca_file=world.ca_file) as http:
            api = Api(world.api_url, http)
            one, two = (Path(app["private_key_file"]) for app in world.ready()["apps"])
            key = tmp_path / "app.pem"
            key.write_bytes(two.read_bytes())
            clients = [AppClient("1", [key], api), AppClient("2", [two], api)]
            minter = GitHubMinter(clients, monotonic=lambda: at)
            assert (await minter.mint(ACME, min_ttl=600)).app == "2"
            key.write_bytes(one.read_bytes())
            at += UNSURE
            assert (await minter.mint(ACME, min_ttl=600)).app == "1"

    with GitHub(seed) as world:
        run(story(world))


def test_an_owner_is_looked_up_once(github: GitHub) -> None:
    async def story() -> None:
        async with minter_at(github) as minter:
            for _ in range(5):
                await minter.mint(ACME, min_ttl=600)

    run(story())
    assert github.stats()["api_calls"] == 6


def test_not_installed_is_remembered_for_a_moment_only(github: GitHub) -> None:
    at = 0.0

    async def story() -> None:
        nonlocal at
        async with app_at(github) as client:
            minter = GitHubMinter([client], monotonic=lambda: at)
            for _ in range(5):
                with pytest.raises(NotInstalledError) as raised:
                    await minter.mint(Scope.of("nobody"), min_ttl=600)
                assert raised.value.retry_after == REMEMBERED
            assert github.stats()["api_calls"] == 2
            at += 11
            with pytest.raises(NotInstalledError):
                await minter.mint(Scope.of("nobody"), min_ttl=600)
            assert github.stats()["api_calls"] == 4

    run(story())


def test_an_app_that_was_installed_anew_is_found_again(github: GitHub) -> None:
    """The number in memory answers 404; the new one is found and used, in the same request."""

    async def story() -> None:
        async with minter_at(github) as minter:
            first = await minter.mint(ACME, min_ttl=600)
            gone = f"POST api.github.com/app/installations/{first.installation}/access_tokens"
            github.fault(gone, status=404, count=1)
            assert (await minter.mint(ACME, min_ttl=600)).installation == first.installation
            routes = [one["path"].rsplit("/", 1)[1] for one in github.requests()]
            assert " ".join(routes) == (
                "installation access_tokens access_tokens installation access_tokens"
            )

    run(story())


def test_a_renamed_repository_is_served_under_its_old_name(github: GitHub) -> None:
    async def story() -> None:
        async with minter_at(github) as minter:
            scope = Scope.of("acme", ["app"])
            github.rename_repository("acme/app", "acme/application")
            await minter.mint(scope, min_ttl=600)
            with pytest.raises(RefusedError):
                await minter.mint(Scope.of("acme", ["never-was"]), min_ttl=600)
            with pytest.raises(RefusedError):
                await minter.mint(Scope.of("acme", ["app"], {"administration": "write"}), min_ttl=1)

    run(story())


def test_a_minter_revokes_what_it_minted(github: GitHub) -> None:
    async def story() -> None:
        async with minter_at(github) as minter:
            minted = await minter.mint(ACME, min_ttl=600)
            await minter.revoke(minted)
            assert github.revoke(minted.token.secret.reveal()) == 0

    run(story())


def test_without_an_app_there_is_no_minter() -> None:
    with pytest.raises(SettingsError, match="no App"):
        GitHubMinter([])


def test_a_thousand_requests_for_ten_scopes_cost_github_ten_mints(github: GitHub) -> None:
    async def story() -> None:
        async with minter_at(github) as inner:
            store = MemoryStore()
            async with Cached(inner, store, store.single_flight) as cached:
                scopes = [
                    Scope.of(owner, None, {"contents": level} if level else None)
                    for owner in ("acme", "other")
                    for level in (None, "read", "write")
                ]
                scopes += [Scope.of("acme", [name]) for name in ("app", "lib", "site")]
                scopes += [Scope.of("other", ["lib"])]
                assert len(scopes) == 10
                got = await asyncio.gather(
                    *(cached.mint(scopes[n % 10], min_ttl=600) for n in range(1000))
                )
                assert len({one.token.fingerprint for one in got}) == 10

    run(story())
    assert github.stats()["mints"] == 10
    assert github.stats()["api_calls"] == 12
    assert github.stats()["errors"] == []


def cache_at(github: GitHub, inner: GitHubMinter, store: MemoryStore) -> Cached:
    """Return a cache whose clocks are *github*'s, so that a test can move them."""
    return Cached(inner, store, store.single_flight, now=github.now, monotonic=github.now)


def test_nobody_notices_an_outage_and_a_restart_in_it(github: GitHub) -> None:
    """What is valid is served from memory, and from the store by a process that knows nothing."""

    async def story() -> None:
        async with minter_at(github, limit=1.0, try_limit=0.4) as inner:
            store = MemoryStore(now=github.now)
            cached = cache_at(github, inner, store)
            first = await cached.mint(ACME, min_ttl=600)
            github.fault("api", hang=True)
            github.advance(2900)
            await cached.renew_due()
            assert (await cached.mint(ACME, min_ttl=600)).token == first.token
            await cached.close()
        async with minter_at(github, limit=1.0, try_limit=0.4) as inner:
            cached = cache_at(github, inner, store)
            again = await cached.mint(ACME, min_ttl=600)
            assert (again.source, again.token) == ("store", first.token)
            github.advance(200)
            assert (await cached.mint(ACME, min_ttl=600)).token == first.token
            github.advance(500)
            with pytest.raises(UnreachableError):
                await cached.mint(ACME, min_ttl=600)
            github.clear_faults()
            assert (await cached.mint(ACME, min_ttl=600)).source == "mint"
            await cached.close()

    run(story())
