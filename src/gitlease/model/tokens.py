"""
A token and how long it may be used.

GitHub's installation tokens are opaque, live one hour, and are shown to nobody: a `Token` prints
as its fingerprint, the form in which GitHub's audit log names it (`hashed_token`).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from gitlease.model.frozen import Frozen

# git cannot renew in the middle of a push, so an answer must outlive a long one.
MIN_TTL: Final = 600  # seconds
# A large-file transfer keeps one credential for its whole process (git-lfs).
LFS_MIN_TTL: Final = 1200  # seconds
# Less than this is no life to hand out: git has yet to connect.
LAST_SECONDS: Final = 5
# GitHub's replicas lag behind a mint; octokit tries for about as long before it gives up.
YOUNG: Final = 10  # seconds

FINGERPRINT_LENGTH: Final = 44  # characters of base64 for 32 bytes
TOKEN_USER: Final = "x-access-token"  # noqa: S105 - the user name that goes with a token


def fingerprint(secret: str) -> str:
    """
    Return base64(SHA-256(*secret*)), 44 characters, the form of `hashed_token`.

    Source: GitHub docs, "Identifying audit log events performed by an access token".
    """
    return base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


class Secret:
    """A string that shows itself only to `reveal()`."""

    __slots__ = ("_fingerprint", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._fingerprint = ""

    def reveal(self) -> str:
        """Return the string itself."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """The string's public name, see `fingerprint()`; found once: each lease asks."""
        if not self._fingerprint:
            self._fingerprint = fingerprint(self._value)
        return self._fingerprint

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not pickled")


class Token(Frozen, hidden=("secret",)):
    """
    A token and its times, in seconds of the local wall clock.

    `expires_at` is None for a token of unknown life (a person's own); `minted_at` is when it was
    fetched; `lifetime` is its whole life, at most an hour for GitHub's installation tokens.
    """

    secret: Secret
    expires_at: float | None
    minted_at: float
    lifetime: float = 3600.0
    username: str = TOKEN_USER
    source: str = ""

    @property
    def fingerprint(self) -> str:
        """The token's public name, see `fingerprint()`."""
        return self.secret.fingerprint

    def usable(self, now: float, min_ttl: float) -> bool:
        """Tell whether at *now* the token outlives *min_ttl* seconds, fairly capped."""
        return self.expires_at is None or self.expires_at - now >= fair_min_ttl(
            min_ttl, self.lifetime
        )


def fair_min_ttl(min_ttl: float, lifetime: float) -> float:
    """
    Cap *min_ttl* at a third of *lifetime* (both seconds), and never below the last seconds.

    Without the cap a server that issues ten-minute tokens could never satisfy ten minutes.
    """
    return max(min(min_ttl, lifetime / 3), min(LAST_SECONDS, lifetime / 10), 0.001)
