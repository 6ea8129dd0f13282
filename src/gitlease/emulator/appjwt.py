"""
Check the proof that an App gives of itself, as GitHub does.

Written from GitHub's "Generating a JSON web token (JWT) for a GitHub App" and the texts of its
refusals, on bare RSA: a client's JWT library must not check its own work here.
"""

import base64
import binascii
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from .refusals import UNDECODABLE_JWT, Refusal
from .world import App, World

MAX_LIFE = 600  # seconds that exp may lie ahead of GitHub's clock

EXP_NOT_FUTURE = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at "
    "which the assertion expires"
)
EXP_TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
IAT_NOT_PAST = (
    "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was "
    "issued"
)
NO_ISSUER = "'Issuer' claim ('iss') must be an Integer"
UNKNOWN_ISSUER = "Integration not found"


def authenticate(world: World, jwt: str) -> App:
    """
    Return the App that signed *jwt*.

    Raises Refusal: 401 for a wrong form, algorithm, signature or clock, 404 for an issuer that is
    no App.  The refusal never repeats the JWT.
    """
    signed, header, claims, signature = _unverified_parts(jwt)
    if header.get("alg") != "RS256":
        raise Refusal(401, UNDECODABLE_JWT)
    app = _issuer(world, claims)
    try:
        app.public_key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Refusal(401, UNDECODABLE_JWT) from None
    _check_times(claims, world.clock.now())
    return app


def _unverified_parts(jwt: str) -> tuple[bytes, dict[str, Any], dict[str, Any], bytes]:
    """Split *jwt* into what was signed, header, claims and signature; believe none of it."""
    parts = jwt.split(".")
    if len(parts) != 3:
        raise Refusal(401, UNDECODABLE_JWT)
    try:
        decoded = [_base64url(part) for part in parts]
        header, claims = json.loads(decoded[0]), json.loads(decoded[1])
    except (ValueError, binascii.Error):
        raise Refusal(401, UNDECODABLE_JWT) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Refusal(401, UNDECODABLE_JWT)
    return f"{parts[0]}.{parts[1]}".encode(), header, claims, decoded[2]


def _base64url(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _issuer(world: World, claims: dict[str, Any]) -> App:
    """Return the App whose client id, or id, stands in `iss`."""
    issuer = claims.get("iss")
    if isinstance(issuer, bool) or not isinstance(issuer, int | str) or issuer == "":
        raise Refusal(401, NO_ISSUER)
    for app in world.apps.values():
        if str(issuer) in {app.client_id, str(app.id)}:
            return app
    raise Refusal(404, UNKNOWN_ISSUER)


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= now:
        raise Refusal(401, EXP_NOT_FUTURE)
    if expires > now + MAX_LIFE:
        raise Refusal(401, EXP_TOO_FAR)
    if isinstance(issued, bool) or not isinstance(issued, int) or issued > now:
        raise Refusal(401, IAT_NOT_PAST)
