"""
The only wiring: settings in, a running service out; everything else is handed its parts.

The parts live as long as the server's lifespan: what cannot be opened stops the start, and what
was opened is closed in the reverse order.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

from gitlease.broker.admin_token import AdminTokens
from gitlease.broker.administering import Administering
from gitlease.broker.identity import Door
from gitlease.broker.issuing import Issuing
from gitlease.broker.ledger import Ledger
from gitlease.broker.metrics import Metrics
from gitlease.broker.minters import Cached, GitHubMinter
from gitlease.broker.no_app import NoApp
from gitlease.broker.registering import Registering
from gitlease.broker.rejecting import Rejecting
from gitlease.broker.service import Parts, build
from gitlease.broker.shares import Shares
from gitlease.broker.store import Store
from gitlease.github.api import Api, open_http
from gitlease.github.client import AppClient
from gitlease.model.errors import GitleaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from litestar.types import ASGIApp

    from gitlease.broker.minters import Minter
    from gitlease.broker.settings import Settings

log = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    *,
    minter: Minter | None = None,
    now: Callable[[], float] = time.time,
) -> Broker:
    """
    Return the service as an ASGI application; nothing is opened before its lifespan begins.

    *minter* stands in the place of GitHub, behind the cache; *now* is the wall clock.
    """
    return Broker(settings, minter, now)


class Broker:
    """The ASGI application: a lifespan of its own around the routes."""

    def __init__(self, settings: Settings, minter: Minter | None, now: Callable[[], float]) -> None:
        self._settings = settings
        self._minter = minter
        self._now = now
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Broker]:
        """Open every part, and close it at the end; raises `GitleaseError` if one cannot be."""
        async with opened(self._settings, self._minter, self._now) as parts:
            self._app = build(parts)
            try:
                yield self
            finally:
                self._app = None

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except GitleaseError as error:
            kind = "startup" if self._app is None else "shutdown"
            log.error("the broker cannot start: %s", error)  # noqa: TRY400 - a line, no trace
            await send({"type": f"lifespan.{kind}.failed", "message": str(error)})
            return
        await send({"type": "lifespan.shutdown.complete"})


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, minter: Minter | None = None, now: Callable[[], float] = time.time
) -> AsyncIterator[Parts]:
    """Open what *settings* describe and wire it; raises `GitleaseError` if a part cannot be."""
    admin = AdminTokens(settings)
    async with contextlib.AsyncExitStack() as stack:
        store = await Store.open(settings.store_url, key_file=settings.key_file, now=now)
        stack.push_async_callback(store.close)
        clients = await stack.enter_async_context(app_clients(settings, now))
        shares = Shares(max(1, settings.mints_per_minute // settings.workers))
        inner: Minter = minter or _minter(settings, clients)
        cached = await stack.enter_async_context(
            Cached(inner, store.tokens, store.single_flight, now=now, shares=shares)
        )
        follower = asyncio.create_task(_follow(store, cached))
        stack.push_async_callback(_ended, follower)
        metrics = Metrics(clients)
        ledger = Ledger(store.journal, now=now)
        door = Door(store.bearers, admin)
        issuing = Issuing(
            door, ledger, store.quotas, cached, metrics, now=now, min_ttl=settings.min_ttl
        )
        stack.push_async_callback(issuing.close)
        yield Parts(
            settings=settings,
            store=store,
            door=door,
            metrics=metrics,
            issuing=issuing,
            rejecting=Rejecting(cached, ledger),
            registering=Registering(store, door, ledger, is_open=settings.open_enrolment),
            administering=Administering(store, ledger, cached),
            now=now,
        )


def _minter(settings: Settings, clients: Sequence[AppClient]) -> Minter:
    if not clients:
        return NoApp()
    defaults = (app.default_installation for app in settings.apps)
    return GitHubMinter(clients, default=next((one for one in defaults if one), None))


@contextlib.asynccontextmanager
async def app_clients(
    settings: Settings, now: Callable[[], float]
) -> AsyncIterator[list[AppClient]]:
    """Open the way to GitHub for every App of *settings*; raises `SettingsError`."""
    if not settings.apps:
        yield []
        return
    async with open_http(ca_file=settings.ca_file) as http:
        # Apps at one API share its breaker: where it is ill for one, it is ill for all.
        apis = {url: Api(url, http) for url in {app.api_url for app in settings.apps}}
        yield [
            AppClient(
                app.id,
                app.private_key_files,
                apis[app.api_url],
                now=now,
                # Each worker keeps to its part: none knows what the others mint.
                mints_per_minute=max(1, settings.mints_per_minute // settings.workers),
            )
            for app in settings.apps
        ]


async def _follow(store: Store, cached: Cached) -> None:
    """Keep the shelf in step with the other replicas, also after messages were missed."""
    async for message in store.invalidations():
        cached.hear(message)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
