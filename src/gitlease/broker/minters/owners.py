"""
Which App and installation serve an owner: asked of GitHub once, remembered, asked again.

An answer is remembered for an hour, a "not installed" for a moment only: somebody may be
installing the App right now.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitlease.broker.minters.bounded import Bounded
from gitlease.broker.minters.refusals import Refusals
from gitlease.model.errors import NotInstalledError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlease.github.client import AppClient

REMEMBERED: Final = 3600.0  # seconds
# Where an App that comes before could not be asked: it may be the one that is meant.
UNSURE: Final = 30.0  # seconds
MOST: Final = 10_000  # owners


@dataclass(frozen=True, slots=True)
class Place:
    """The App that serves an owner and the number of its installation there."""

    client: AppClient
    installation: int


class Owners:
    """
    Owner -> `Place`, asking the Apps *clients* in their order.

    *default* is the installation for a request that names no owner; without one there must be
    exactly one installation in all.
    """

    def __init__(
        self,
        clients: Sequence[AppClient],
        default: int | None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._default = default
        self._monotonic = monotonic
        self._places: Bounded[str | None, tuple[Place, float]] = Bounded(MOST)
        self._locks: Bounded[str | None, asyncio.Lock] = Bounded(MOST)
        self._refusals: Refusals[str | None] = Refusals(monotonic)

    async def place(self, owner: str | None) -> tuple[Place, bool]:
        """
        Return the place of *owner* and whether it was only remembered.

        Raises `NotInstalledError`; the error of an App that could not be asked, if no other one
        serves the owner.
        """
        if known := self._known(owner):
            return known, True
        lock = self._locks.get(owner) or asyncio.Lock()
        self._locks.put(owner, lock)
        # A fleet boots with many scopes of one owner: one of them asks for all.
        async with lock:
            if known := self._known(owner):
                return known, False
            return await self._look_up(owner), False

    def forget(self, owner: str | None) -> None:
        """Ask GitHub the next time: what was remembered of *owner* has proved wrong."""
        self._places.drop(owner)

    def _known(self, owner: str | None) -> Place | None:
        now = self._monotonic()
        if (known := self._places.get(owner)) and now < known[1]:
            return known[0]
        self._refusals.check(owner)
        return None

    async def _look_up(self, owner: str | None) -> Place:
        lasts = REMEMBERED
        try:
            if owner is None:
                found = await self._only_one()
            else:
                found, lasts = await self._find(owner)
        except NotInstalledError as error:
            self._refusals.remember(owner, error)
            raise
        self._places.put(owner, (found, self._monotonic() + lasts))
        return found

    async def _find(self, owner: str) -> tuple[Place, float]:
        """Return the place of *owner* and for how many seconds it is to be remembered."""
        failure: SourceError | None = None
        for client in self._clients:
            try:
                found = await client.find_installation(owner)
            except NotInstalledError:
                continue
            except SourceError as error:
                # One App with a bad key or a limit must not take the other Apps' owners down.
                failure = failure or error
            else:
                return Place(client, found.id), UNSURE if failure else REMEMBERED
        raise failure or NotInstalledError(
            f"no App of this broker is installed for {owner}",
            hint=f"install it there, or check the spelling of {owner}",
        )

    async def _only_one(self) -> Place:
        if self._default is not None:
            return await self._configured(self._default)
        places = [
            Place(client, one.id)
            for client in self._clients
            for one in await client.list_installations()
        ]
        if len(places) == 1:
            return places[0]
        if not places:
            raise NotInstalledError("no App of this broker is installed anywhere")
        raise NotInstalledError(
            f"no owner was named, and there are {len(places)} installations",
            hint="name an owner, or set the default installation",
        )

    async def _configured(self, number: int) -> Place:
        # With one App there is nothing to find out; a mint tells if the number is wrong.
        for client in self._clients[:-1]:
            try:
                await client.get_installation(number)
            except NotInstalledError:
                continue
            return Place(client, number)
        return Place(self._clients[-1], number)
