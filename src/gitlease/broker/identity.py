"""
Who calls: a workspace, with a snapshot of its grants from one read, or the operator.

Only digests are compared, in constant time.  Whatever is wrong, the answer is the same
`BearerError`: no header, no such bearer, another workspace's, revoked.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gitlease.broker.errors import BearerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlease.model.grants import Grant

# Ours have 43 characters; hashing megabytes for a stranger would be his lever.
LONGEST: Final = 512


class KnownBearer(Protocol):
    """What is known of a live bearer, read at one moment."""

    @property
    def workspace_id(self) -> str:
        """The one workspace that it is bound to."""

    @property
    def token_id(self) -> str:
        """Its public name."""

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What that workspace may ask for."""


class Bearers(Protocol):
    """Knows every live bearer by its digest."""

    async def caller(self, digest: bytes) -> KnownBearer | None:
        """Return whose the bearer with that SHA-256 is, or None."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A workspace that has shown its bearer, and its grants at that moment."""

    workspace_id: str
    token_id: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Admin:
    """The operator, who has shown the admin token."""


class AdminBearers(Protocol):
    """Knows the operator's bearers."""

    def opens(self, unverified_bearer: str) -> bool:
        """Tell whether that is one of them."""


class Door:
    """Lets a workspace in by a live bearer of *bearers*, the operator by one of *admin*."""

    def __init__(self, bearers: Bearers, admin: AdminBearers) -> None:
        self._bearers = bearers
        self._admin = admin

    def admin(self, authorization: Sequence[str]) -> Admin:
        """Return the operator; *authorization* is every header of that name."""
        if not self._admin.opens(bearer_in(authorization)):
            raise BearerError
        return Admin()

    async def workspace(self, authorization: Sequence[str], workspace_id: str) -> Caller:
        """Return the workspace *workspace_id*, if the bearer is bound to it."""
        known = await self._bearers.caller(digest_of(bearer_in(authorization)))
        theirs = known.workspace_id if known is not None else ""
        if not hmac.compare_digest(digest_of(theirs), digest_of(workspace_id)) or known is None:
            raise BearerError
        return Caller(known.workspace_id, known.token_id, known.grants)

    async def either(self, authorization: Sequence[str], workspace_id: str) -> Caller | Admin:
        """Return the operator, or the workspace *workspace_id*."""
        if self._admin.opens(bearer_in(authorization)):
            return Admin()
        return await self.workspace(authorization, workspace_id)


def digest_of(secret: str) -> bytes:
    """Return SHA-256 of *secret*: all that is stored of a bearer."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def bearer_in(authorization: Sequence[str]) -> str:
    """Return the secret in the one `Authorization` header; raise `BearerError`."""
    # Two headers are read differently by two programs; nobody honest sends them.
    if len(authorization) != 1:
        raise BearerError
    scheme, _, bearer = authorization[0].partition(" ")
    bearer = bearer.strip(" ")
    if scheme.lower() != "bearer" or not 0 < len(bearer) <= LONGEST or not bearer.isascii():
        raise BearerError
    return bearer
