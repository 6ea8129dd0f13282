"""Which kind of secret a text is, and how to find one in a text."""

import base64
import contextlib
import re
from collections.abc import Iterator

TOKEN = "installation token"
PERSONAL = "personal token"
BEARER = "workspace bearer"
ADMIN = "admin bearer"
ENROLMENT = "enrolment secret"
SEALING = "sealing key"
APP_KEY = "App's private key"
OTHER = "secret"

_BY_PREFIX = {
    "ghs_": TOKEN,
    "ghp_": PERSONAL,
    "gho_": PERSONAL,
    "ghu_": PERSONAL,
    "github_pat_": PERSONAL,
    "glw_": BEARER,
    "gla_": ADMIN,
    "gle_": ENROLMENT,
}
_ANY = re.compile(rb"(?<![A-Za-z0-9_])(?:gh[psou]_|github_pat_|gl[wae]_)[A-Za-z0-9_.\-]{12,1000}")
# As the broker makes them, of 256 random bits: nobody types one.
_MADE = re.compile(r"gl[wae]_[A-Za-z0-9_-]{43}")
_PEM = re.compile(rb"-----BEGIN (?:RSA )?PRIVATE KEY-----\s(.*?)-----END", re.DOTALL)


def kind_of(secret: str) -> str:
    """Return the kind that *secret* shows by its first letters."""
    for prefix, kind in _BY_PREFIX.items():
        if secret.startswith(prefix):
            return kind
    return OTHER


def is_made(secret: str) -> bool:
    """Tell whether *secret* was drawn by lot, and so is of one test only."""
    return _MADE.fullmatch(secret) is not None


def secrets_in(text: bytes) -> Iterator[str]:
    """Yield all in *text* that looks like a token, a bearer or an enrolment secret."""
    for found in _ANY.finditer(text):
        yield found[0].decode()


def private_keys_in(pem: bytes) -> Iterator[bytes]:
    """Yield the secret half of each RSA key in *pem*, and lines of it as they are written."""
    for found in _PEM.finditer(pem):
        lines = found[1].split()
        with contextlib.suppress(ValueError):
            yield base64.b64decode(b"".join(lines))[-300:-200]
        yield from {line for line in (lines[-2], lines[len(lines) // 2]) if len(line) == 64}


def sealing_keys_in(file: bytes) -> Iterator[bytes]:
    """Yield each Fernet key in *file*, as text and as bytes."""
    for word in file.split():
        if len(word) == 44:
            with contextlib.suppress(ValueError):
                yield base64.urlsafe_b64decode(word)
                yield word
