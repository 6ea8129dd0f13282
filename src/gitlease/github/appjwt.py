"""
The App's proof of identity: a JWT signed with RS256 by the App's private key.

Source: GitHub docs, "Generating a JSON Web Token (JWT) for a GitHub App".  PyJWT and cryptography
are imported only here and only when a proof is made: they are the extra `gitlease[app]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlease.model.errors import KeyFileError
from gitlease.model.tokens import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# GitHub accepts an `iat` up to a minute old: room for our clock to be ahead of theirs.
ISSUED_BEFORE: Final = 60  # seconds
# At most 600 ahead of *their* clock; a minute of it is left to ours.
EXPIRES_AFTER: Final = 540  # seconds
# What GitHub makes; RS256 wants no less (NIST SP 800-131A).
BITS: Final = 2048


class SigningKey:
    """An App's private key, ready to sign; shows itself to nobody."""

    __slots__ = ("_key",)

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    @classmethod
    def from_pem(cls, pem: bytes, *, name: str) -> SigningKey:
        """
        Read a PEM private key; *name* (a path) stands in messages for it.

        Raises `KeyFileError` if it is not an unencrypted RSA key, or if the extra is missing.
        """
        try:
            import jwt  # noqa: F401, PLC0415 - extra; missed here rather than at the signature
            from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - extra
            from cryptography.hazmat.primitives.asymmetric.rsa import (  # noqa: PLC0415 - extra
                RSAPrivateKey,
            )
            from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - extra
                load_pem_private_key,
            )
        except ImportError:
            raise KeyFileError(
                f"signing with {name} needs PyJWT and cryptography, which are not installed",
                hint="pip install 'gitlease[app]'",
            ) from None
        try:
            key = load_pem_private_key(
                pem,
                password=None,
                # The key is its owner's own file, and to prove its primes takes half of a miss.
                unsafe_skip_rsa_key_validation=True,
            )
        except TypeError as error:
            if "keyword" in str(error):
                raise KeyFileError(
                    f"signing with {name} needs a newer cryptography than the one here",
                    hint="pip install --upgrade 'gitlease[app]'",
                ) from None
            raise KeyFileError(
                f"{name} is encrypted", hint="use the PEM file as GitHub gave it, mode 0600"
            ) from None
        except (ValueError, UnsupportedAlgorithm):
            # The cause may quote the file: it does not travel.
            held = "a public key only" if b"PUBLIC KEY-" in pem else "no private key in PEM form"
            raise KeyFileError(f"{name} holds {held}") from None
        if not isinstance(key, RSAPrivateKey):
            raise KeyFileError(f"{name} is no RSA key, and GitHub Apps have RSA keys")
        if key.key_size < BITS:
            # PyJWT would sign with it, and warn at each signature.
            raise KeyFileError(f"{name} has {key.key_size} bits, and GitHub Apps' keys {BITS}")
        return cls(key)

    def sign(self, issuer: str, now: float) -> Secret:
        """
        Return a proof that this is App *issuer* (client id or app id) at *now* (seconds).

        *now* is GitHub's time as far as it is known; the proof holds nine minutes from it.
        """
        import jwt  # noqa: PLC0415 - extra

        claims = {
            "iat": int(now) - ISSUED_BEFORE,
            "exp": int(now) + EXPIRES_AFTER,
            "iss": issuer,
        }
        return Secret(jwt.encode(claims, self._key, algorithm="RS256"))
