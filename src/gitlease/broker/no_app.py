"""A minter for a broker without an App: it has no token for anyone, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from gitlease.broker.errors import NoAppError

if TYPE_CHECKING:
    from gitlease.broker.minters import Minted
    from gitlease.model.scopes import Scope

_SAID: Final = "no GitHub App is configured on this broker"


class NoApp:
    """Stands where `GitHubMinter` stands once an App is configured."""

    realm = "no App"

    async def mint(self, scope: Scope, *, min_ttl: float) -> NoReturn:
        """Raise `NoAppError`."""
        del scope, min_ttl
        raise NoAppError(_SAID)

    async def revoke(self, minted: Minted) -> NoReturn:
        """Raise `NoAppError`: without the App's key nothing can be ended."""
        del minted
        raise NoAppError(_SAID)

    async def takes(self, minted: Minted) -> NoReturn:
        """Raise `NoAppError`: nobody knows which GitHub to ask."""
        del minted
        raise NoAppError(_SAID)
