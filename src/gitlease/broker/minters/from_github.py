"""Mint at GitHub: find the owner's installation, ask for the token, follow what was renamed."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from gitlease.broker.minters.minted import Minted
from gitlease.broker.minters.owners import Owners
from gitlease.broker.minters.refusals import Refusals
from gitlease.model.errors import (
    NotInstalledError,
    RefusedError,
    SettingsError,
    SourceError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlease.broker.minters.owners import Place
    from gitlease.github.client import AppClient
    from gitlease.model.scopes import Scope
    from gitlease.model.tokens import Token

# A workspace waits ten seconds for the broker, whatever GitHub does.
LIMIT: Final = 8.0  # seconds


class GitHubMinter:
    """
    Mints with the Apps *clients*; the first that is installed for an owner serves it.

    *default* is the installation for scopes without an owner, see `Owners`.
    """

    def __init__(
        self,
        clients: Sequence[AppClient],
        *,
        default: int | None = None,
        limit: float = LIMIT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not clients:
            raise SettingsError("no App is configured", hint="give an App's id and its key file")
        self.clients = tuple(clients)
        self.owners = Owners(self.clients, default, monotonic)
        self._default = default
        self._refusals: Refusals[Scope] = Refusals(monotonic)
        self._limit = limit

    @property
    def realm(self) -> str:
        """See `Minter`: the API bases, the Apps, and the default installation."""
        apps = ",".join(f"{client.app_id}@{client.api.url}" for client in self.clients)
        return f"{apps}#{self._default or ''}"

    async def mint(self, scope: Scope, *, min_ttl: float) -> Minted:
        """
        See `Minter`; a new token has its whole life before it.

        Raises `NotInstalledError`, `SuspendedError`, `RefusedError`, `RateLimitedError`,
        `UnauthorizedError` or `UnreachableError`, the last also past the time limit.  A refusal
        is remembered for a moment: each costs GitHub more requests than a token does.
        """
        del min_ttl
        self._refusals.check(scope)
        try:
            async with asyncio.timeout(self._limit):
                return await self._mint(scope)
        except (NotInstalledError, RefusedError) as error:
            self._refusals.remember(scope, error)
            raise
        except TimeoutError:
            pass
        raise UnreachableError(
            f"GitHub gave no token for {scope} within {self._limit:.0f} s",
            hint="see githubstatus.com; try again",
        )

    async def revoke(self, minted: Minted) -> None:
        """See `Minter`."""
        await self._client(minted).revoke(minted.token.secret)

    async def takes(self, minted: Minted) -> bool:
        """See `Minter`."""
        return await self._client(minted).takes(minted.token.secret)

    def _client(self, minted: Minted) -> AppClient:
        for client in self.clients:
            if client.app_id == minted.app:
                return client
        raise SourceError(
            f"App {minted.app} is not configured any more",
            hint="revoke its tokens at GitHub, or let them end within the hour",
        )

    async def _mint(self, scope: Scope) -> Minted:
        place, remembered = await self.owners.place(scope.owner)
        try:
            token = await self._mint_at(place, scope)
        except NotInstalledError:
            self.owners.forget(scope.owner)
            if not remembered:
                raise
            # The App was installed anew since: the number has changed.
            place, _ = await self.owners.place(scope.owner)
            token = await self._mint_at(place, scope)
        return Minted(token, place.client.app_id, place.installation)

    async def _mint_at(self, place: Place, scope: Scope) -> Token:
        client, installation = place.client, place.installation
        try:
            return await client.mint(installation, scope)
        except RefusedError:
            moved = await client.find_moved(scope, installation)
            if not moved:
                raise
        return await client.mint(installation, scope, moved=moved)
