"""The order of one request: each step is on record before the next one can be seen."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import pytest

from gitlease.broker.api import leases
from gitlease.broker.app import Broker, create_app
from gitlease.broker.deadline import in_time
from gitlease.broker.minters import Minted
from gitlease.broker.settings import Settings, build
from gitlease.broker.store import Record, Store
from gitlease.emulator import GitHub
from gitlease.model.scopes import Scope
from tests.support.apps import app_at
from tests.support.brokers import bearer

ADMIN = "a" * 40
PATH = "/workspaces/ws-1/github-installation-token"


class Watched:
    """Mints at the emulator, and remembers what the journal held when it was asked."""

    realm = "watched"

    def __init__(self, github: GitHub, settings: Settings) -> None:
        self._github = github
        self._settings = settings
        self.seen: list[tuple[Record, ...]] = []
        self.scopes: list[Scope] = []
        self.meanwhile: Callable[[Scope], Awaitable[None]] | None = None

    async def mint(self, scope: Scope, *, min_ttl: float) -> Minted:
        del min_ttl
        self.scopes.append(scope)
        self.seen.append(await records(self._settings))
        if self.meanwhile is not None:
            await self.meanwhile(scope)
        async with app_at(self._github) as client:
            installation = await client.find_installation(scope.owner or "acme")
            return Minted(await client.mint(installation.id, scope), "1", installation.id)

    async def revoke(self, minted: Minted) -> None:
        del minted

    async def takes(self, minted: Minted) -> bool:
        del minted
        return True


class Broken(Watched):
    """Has a defect."""

    async def mint(self, scope: Scope, *, min_ttl: float) -> NoReturn:
        del scope, min_ttl
        raise ZeroDivisionError("ghs_secret")


async def records(settings: Settings) -> tuple[Record, ...]:
    store = await Store.open(settings.store_url)
    try:
        return tuple(one for one in await store.journal.page() if one.kind != "admin")
    finally:
        await store.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return build({"data_dir": str(tmp_path), "admin_token": ADMIN})


@contextlib.asynccontextmanager
async def caller_of(app: Broker) -> AsyncIterator[httpx2.AsyncClient]:
    """Create a workspace and yield a client that calls as it."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://broker") as client:
        grants = [{"owner": "acme", "repositories": ["app"]}]
        json = {"id": "ws-1", "grants": grants}
        await client.post("/admin/workspaces", headers=bearer(ADMIN), json=json)
        made = await client.post("/workspaces/ws-1/tokens", headers=bearer(ADMIN))
        client.headers.update(bearer(made.json()["auth_token"]))
        yield client


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


@pytest.mark.guarantee("journal")
def test_the_intent_is_on_record_before_github_is_asked(settings: Settings) -> None:
    async def story(github: GitHub) -> None:
        minter = Watched(github, settings)
        async with create_app(settings, minter=minter).running() as app, caller_of(app) as c:
            assert (await c.get(PATH)).status_code == 200
            assert [[one.kind for one in seen] for seen in minter.seen] == [["intent"]]
            intent, end = await records(settings)
            assert (end.kind, end.intent_id, end.source) == ("lease", intent.id, "mint")
            assert (await c.get(PATH)).status_code == 200
            at_hand = (await records(settings))[2:]
            assert [(one.kind, one.source) for one in at_hand] == [("lease", "memory")]
            assert at_hand[0].fingerprint == end.fingerprint

    with GitHub() as github:
        run(story(github))


@pytest.mark.parametrize("removed", [False, True])
def test_who_is_shut_out_while_github_mints_gets_no_token(
    settings: Settings, *, removed: bool
) -> None:
    async def story(github: GitHub) -> None:
        minter = Watched(github, settings)
        async with create_app(settings, minter=minter).running() as app, caller_of(app) as c:
            path = "/admin/workspaces/ws-1"
            if not removed:
                (known,) = (await c.get("/workspaces/ws-1/tokens")).json()["tokens"]
                path = f"/workspaces/ws-1/tokens/{known['id']}"

            async def shut_out(scope: Scope) -> None:
                del scope
                assert (await c.delete(path, headers=bearer(ADMIN))).is_success

            minter.meanwhile = shut_out
            assert (await c.get(PATH)).status_code == 401
            assert [one.kind for one in await records(settings)] == ["intent", "failed"]

    with GitHub() as github:
        run(story(github))


@pytest.mark.guarantee("scope")
def test_a_cached_token_is_no_way_around_the_grants(settings: Settings) -> None:
    """Authorisation never sits behind the cache."""

    async def story(github: GitHub) -> None:
        minter = Watched(github, settings)
        async with create_app(settings, minter=minter).running() as app, caller_of(app) as c:
            assert (await c.get(PATH)).status_code == 200
            path = "/admin/workspaces/ws-1"
            json = {"grants": [{"owner": "acme", "repositories": ["lib"]}]}
            assert (await c.patch(path, headers=bearer(ADMIN), json=json)).status_code == 200
            assert (await c.get(f"{PATH}?repo=app")).status_code == 403
            assert (await c.get(f"{PATH}?repo=lib")).status_code == 200
            assert [scope.repositories for scope in minter.scopes] == [("app",), ("lib",)]

    with GitHub() as github:
        run(story(github))


def test_a_defect_ends_its_intent_and_says_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(github: GitHub) -> None:
        minter = Broken(github, settings)
        async with create_app(settings, minter=minter).running() as app, caller_of(app) as c:
            reply = await c.get(PATH)
            assert (reply.status_code, reply.json()["type"]) == (500, "urn:gitlease:problem:defect")
            assert "ghs_secret" not in reply.text
            kinds = [(one.kind, one.reason) for one in await records(settings)]
            assert kinds == [("intent", ""), ("failed", "ZeroDivisionError")]

    with GitHub() as github:
        run(story(github))
    assert "ghs_secret" not in caplog.text


def test_a_lease_whose_time_is_over_ends_its_intent_and_gives_its_quota_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(scope: Scope) -> None:
        del scope
        await asyncio.Event().wait()

    async def story(github: GitHub) -> None:
        minter = Watched(github, settings)
        minter.meanwhile = hang
        async with create_app(settings, minter=minter).running() as app, caller_of(app) as c:
            grants = [{"owner": "acme", "repositories": ["app"], "max_per_hour": 1}]
            path, json = "/admin/workspaces/ws-1", {"grants": grants}
            assert (await c.patch(path, headers=bearer(ADMIN), json=json)).is_success
            with monkeypatch.context() as patched:
                patched.setattr(leases, "in_time", functools.partial(in_time, limit=0.5))
                assert (await c.get(PATH)).json()["type"] == "urn:gitlease:problem:late"
        assert [one.kind for one in await records(settings)] == ["intent", "failed"]
        minter.meanwhile = None
        async with create_app(settings, minter=minter).running() as app:
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://broker") as again:
                assert (await again.get(PATH, headers=c.headers)).status_code == 200

    with GitHub() as github:
        run(story(github))
