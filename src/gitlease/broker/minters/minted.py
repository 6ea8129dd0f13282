"""A token with where it comes from, and the interface of all that mint one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from gitlease.model.scopes import Scope
    from gitlease.model.tokens import Token

Origin = Literal["memory", "store", "mint"]
# What comes of a rejection.
Rejection = Literal["dropped", "not held any more", "GitHub takes it"]


@dataclass(frozen=True, slots=True)
class Minted:
    """A token, the App (as configured: its id or client id) and installation it belongs to."""

    token: Token
    app: str
    installation: int
    source: Origin = "mint"


class Minter(Protocol):
    """Gives tokens of a scope that has been allowed already."""

    @property
    def realm(self) -> str:
        """One string for one set-up: where it differs, so do the tokens for equal scopes."""

    async def mint(self, scope: Scope, *, min_ttl: float) -> Minted:
        """
        Return a token of exactly *scope* that outlives *min_ttl* seconds, fairly capped.

        Raises a `SourceError` that names the cause, within the minter's time limit.
        """

    async def revoke(self, minted: Minted) -> None:
        """End the token of *minted*; one that is dead already is fine.  Raises a `SourceError`."""

    async def takes(self, minted: Minted) -> bool:
        """Tell whether GitHub takes the token of *minted*.  Raises a `SourceError`."""
