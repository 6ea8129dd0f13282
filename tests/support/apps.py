"""Wire the broker's side of GitHub to the emulator, as the service does, inside one event loop."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gitlease.broker.minters import GitHubMinter
from gitlease.emulator import GitHub
from gitlease.github.api import Api, open_http
from gitlease.github.client import AppClient
from gitlease.github.pace import MINTS_PER_MINUTE

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], limit: float = 60.0) -> T:
    """Run *work* to its end in an event loop of its own, at most *limit* seconds."""
    return asyncio.run(asyncio.wait_for(work, limit))


@contextlib.asynccontextmanager
async def app_at(
    github: GitHub,
    *,
    app_id: str = "",
    key_files: Sequence[Path] = (),
    now: Callable[[], float] | None = None,
    mints_per_minute: int = MINTS_PER_MINUTE,
    **limits: float,
) -> AsyncIterator[AppClient]:
    """Yield the first App of *github*, or the one named, as a client with *limits* for its API."""
    async with open_http(ca_file=github.ca_file) as http:
        yield AppClient(
            app_id or str(github.app_id),
            key_files or [github.private_key_file],
            Api(github.api_url, http, **limits),  # type: ignore[arg-type]
            now=now or github.now,
            mints_per_minute=mints_per_minute,
        )


@contextlib.asynccontextmanager
async def minter_at(
    github: GitHub, *, monotonic: Callable[[], float] = time.monotonic, **options: Any
) -> AsyncIterator[GitHubMinter]:
    """Yield a minter for the first App of *github*; *options* as for `app_at`."""
    async with app_at(github, **options) as client:
        yield GitHubMinter([client], monotonic=monotonic)
