"""
Keep the tokens that were issued, by fingerprint only, and say what each is worth now.

A token's plaintext leaves this file once, to whoever minted it.  Both forms that GitHub uses are
made here; nothing reads a token's inside, because a client must not either.
"""

import base64
import enum
import hashlib
import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

CLASSIC_LENGTH = 36  # characters after "ghs_": 40 in all
SIGNATURE_BYTES = 256  # an RS256 signature: brings the newer form to about 520 characters


class State(enum.Enum):
    """What a token that is shown to GitHub is worth."""

    LIVE = "live"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NOT_YET_KNOWN = "not yet known"  # replicas have not heard of it: 401
    SPREADING = "spreading"  # known, its permissions are not: 403


@dataclass(frozen=True)
class IssuedToken:
    """What the world remembers of a token; `repository_ids` None means all."""

    fingerprint: str
    installation_id: int
    permissions: Mapping[str, str]
    repository_ids: frozenset[int] | None
    created: float
    expires: int
    lag: float
    revoked: bool = False

    def state(self, now: float) -> State:
        """Return what it is worth at *now*; half of the lag it is unknown, then spreading."""
        if self.revoked:
            return State.REVOKED
        if now >= self.expires:
            return State.EXPIRED
        age = now - self.created
        if age < self.lag / 2:
            return State.NOT_YET_KNOWN
        return State.SPREADING if age < self.lag else State.LIVE


def fingerprint(token: str) -> str:
    """Return the form of `hashed_token` in GitHub's audit log: base64 of the SHA-256."""
    return base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()


def classic() -> str:
    """Return a fresh token in the form used until 2026, and by GitHub Enterprise Server."""
    alphabet = string.ascii_letters + string.digits
    return "ghs_" + "".join(secrets.choice(alphabet) for _ in range(CLASSIC_LENGTH))


def stateless(app_id: int, installation_id: int, now: float, expires: int) -> str:
    """
    Return a fresh token in the form used since 2026: `ghs_<APPID>_<JWT>`.

    Its signature is random: a token is opaque to its holder, and the world knows it by heart.
    """
    header = {"alg": "RS256", "typ": "JWT"}
    payload = {"iat": int(now), "exp": expires, "jti": secrets.token_hex(16)}
    payload |= {"installation_id": installation_id}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, payload)]
    parts.append(secrets.token_bytes(SIGNATURE_BYTES))
    jwt = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return f"ghs_{app_id}_{jwt}"


@dataclass
class Tokens:
    """Every token ever issued."""

    known: dict[str, IssuedToken] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Count them; their fingerprints are of no use in a traceback."""
        return f"Tokens({len(self.known)} issued)"

    def keep(self, token: IssuedToken) -> None:
        """Remember *token*."""
        self.known[token.fingerprint] = token

    def look_up(self, plaintext: str, now: float) -> tuple[State, IssuedToken | None]:
        """Return what *plaintext* is worth at *now*, and the token if it was ever issued."""
        token = self.known.get(fingerprint(plaintext))
        return (State.UNKNOWN, None) if token is None else (token.state(now), token)

    def revoke(self, plaintext: str) -> bool:
        """Kill the token *plaintext*; return whether it was known and alive until then."""
        token = self.known.get(fingerprint(plaintext))
        if token is None or token.revoked:
            return False
        self.known[token.fingerprint] = replace(token, revoked=True)
        return True

    def revoke_all(self) -> int:
        """Kill every token; return how many were not revoked yet."""
        live = [token for token in self.known.values() if not token.revoked]
        for token in live:
            self.known[token.fingerprint] = replace(token, revoked=True)
        return len(live)
