"""
Read what a request shows of itself: nothing, an App's JWT, or a token.

What is read here is unverified; `repr` shows none of it.
"""

import base64
import binascii
from dataclasses import dataclass, field

TOKEN_PREFIXES = ("ghs_", "ghp_", "gho_", "ghu_", "ghr_", "github_pat_")


@dataclass(frozen=True)
class Shown:
    """The user name and the secret of an Authorization header."""

    scheme: str
    user: str
    secret: str = field(repr=False)

    @property
    def is_jwt(self) -> bool:
        """Whether the secret looks like an App's JWT and not like a token."""
        return self.secret.count(".") == 2 and not self.secret.startswith(TOKEN_PREFIXES)


def read(authorization: str | None) -> Shown | None:
    """
    Return what *authorization* shows, or None if there is no such header.

    `Bearer` and `token` carry a secret, `Basic` a user name too (RFC 7617; the password may
    hold colons).  A header that cannot be read shows an empty secret, which nobody has.
    """
    if not authorization or not authorization.strip():
        return None
    scheme, _, rest = authorization.strip().partition(" ")
    scheme, rest = scheme.lower(), rest.strip()
    if scheme != "basic":
        return Shown(scheme, "", rest if scheme in {"bearer", "token"} else "")
    try:
        user, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return Shown(scheme, "", "")
    return Shown(scheme, user, secret)
