"""
What workspace and broker say to each other, as values: both ends read and write it here.

Standard library only, because the workspace reads it.  The reply of the older platform is the
first two fields, `token` and `expires_at`; the rest is read if it is there.
"""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitlease.model.frozen import Frozen
from gitlease.model.targets import lower
from gitlease.model.tokens import TOKEN_USER, Secret, Token

if TYPE_CHECKING:
    from collections.abc import Mapping


class Lease(Frozen):
    """
    A token handed to a workspace, and what it is good for.

    `repositories` and `permissions` are None for all that the installation has; `app` is the id
    or client id of the App that minted it.
    """

    token: Token
    owner: str | None = None
    repositories: tuple[str, ...] | None = None
    permissions: tuple[tuple[str, str], ...] | None = None
    app: str = ""

    def as_json(self, now: float) -> dict[str, Any]:
        """Return the broker's reply at *now*, seconds of the clock that the token was read by."""
        expires_at = self.token.expires_at
        return {
            "token": self.token.secret.reveal(),
            "expires_at": None if expires_at is None else iso(expires_at),
            "expires_in": None if expires_at is None else int(expires_at - now),
            "lifetime": None if expires_at is None else math.ceil(self.token.lifetime),
            "username": self.token.username,
            "owner": self.owner,
            "repositories": None if self.repositories is None else list(self.repositories),
            "permissions": None if self.permissions is None else dict(self.permissions),
            "app": self.app,
        }


def read_lease(
    said: object, now: float, *, lifetime: float, skew: float = 0.0, source: str = "broker"
) -> Lease:
    """
    Read the broker's reply *said*, received at *now* (seconds of the local clock).

    `expires_in` counts from *now*, so that two clocks need not agree; where only `expires_at`
    exists, *skew* is added to it (local clock minus theirs, from the reply's `Date`).
    *lifetime* is the longest life that is believed, and the whole life of a token whose reply does
    not tell it.  Raises ValueError if it is no such reply; the message never quotes it.
    """
    if not isinstance(said, dict):
        raise ValueError("the reply is no JSON object")  # noqa: TRY004 - what the docstring says
    secret = said.get("token")
    # One line of visible ASCII, whatever its shape: it goes into git's line protocol.
    if not isinstance(secret, str) or not secret.isascii() or not secret.isprintable():
        raise ValueError("the reply's token is no text")
    if not secret or " " in secret:
        raise ValueError("the reply's token is empty or has spaces")
    whole = said.get("lifetime")
    if isinstance(whole, (int, float)) and 0 < whole < lifetime:
        lifetime = float(whole)
    # What was over long ago is over: no time leaves the calendar.
    life = max(min(_life(said, now, skew), lifetime), -lifetime)
    username = said.get("username")
    if not isinstance(username, str) or not username.isprintable() or not username.isascii():
        username = ""
    token = Token(
        Secret(secret),
        now + life,
        now,
        lifetime=lifetime,
        username=username or TOKEN_USER,
        source=source,
    )
    owner, app = said.get("owner"), said.get("app")
    return Lease(
        token,
        owner if isinstance(owner, str) else None,
        _repositories(said.get("repositories")),
        _permissions(said.get("permissions")),
        str(app or ""),
    )


def _repositories(said: object) -> tuple[str, ...] | None:
    if not isinstance(said, list):
        return None
    if not said:
        raise ValueError("the reply's token reaches no repository")
    return tuple(sorted(lower(str(name)) for name in said))


def _permissions(said: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(said, dict):
        return None
    if not said:
        raise ValueError("the reply's token has no permission")
    return tuple(sorted((str(name), str(level)) for name, level in said.items()))


def _life(said: Mapping[str, Any], now: float, skew: float) -> float:
    seconds = said.get("expires_in")
    try:
        # JSON has whole numbers that no float holds.
        if isinstance(seconds, (int, float)) and math.isfinite(seconds):
            return float(seconds)
        moment = datetime.fromisoformat(said["expires_at"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError("the reply has no time of expiry that can be read") from None
    theirs = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return theirs + skew - now


def iso(moment: float) -> str:
    """Return *moment*, in seconds since 1970, as GitHub writes times: `2026-01-02T03:04:05Z`."""
    return _iso(int(moment))


# The same token is handed out for most of an hour.
@functools.lru_cache(maxsize=256)
def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
