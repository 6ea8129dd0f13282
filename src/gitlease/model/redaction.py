"""
Take secrets out of text before a person or a log sees it.

The patterns know prefixes, not shapes: GitHub's tokens are opaque and have changed their length.
Anybody may have sent the text, so none may look for what comes after a stretch of any length: where
it is missing, each beginning of it would be read to the end.
"""

from __future__ import annotations

import re
from typing import Final

_SECRETS: Final = re.compile(
    r"""
      (?:gh[spour]_|github_pat_)[A-Za-z0-9_.\-]+      # GitHub's tokens, any length
    | gl[aew]_[A-Za-z0-9_\-]{40,}                      # ours; short ones end words of people
    | (?P<scheme>(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=\-]{8,}
    | (?P<user>//[^/\s:@]*:)[^\s/]+(?=@)              # the password of a URL
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# Without the dot it is none, and a fingerprint may hold as much: then it is passed over as a whole,
# since to begin again at each `eyJ` in it would take for ever.
_JWT: Final = re.compile(
    r"eyJ[A-Za-z0-9_\-]*(?P<more>\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?)?", re.IGNORECASE
)
# What no person and no program gives as a name; shorter ones may be names.
_SECRET: Final = re.compile(
    r"(?:gh[spour]|github_pat|gl[aew])_[a-z0-9_.\-]{30,}", re.IGNORECASE | re.ASCII
)


def is_secret(text: str) -> bool:
    """Tell whether *text* as a whole is a token or bearer, which belongs in no name's place."""
    return _SECRET.fullmatch(text) is not None


def redact(text: str) -> str:
    """Return *text* with each token, bearer, JWT, URL password and private key blotted out."""
    text = _SECRETS.sub(
        lambda found: f"{found['scheme'] or found['user'] or ''}[redacted]",
        text,
    )
    return _JWT.sub(lambda found: "[redacted]" if found["more"] else found[0], text)


def printable(text: str, limit: int = 200) -> str:
    """
    Return *text* fit for one line on a terminal: redacted, escaped, at most *limit* characters.

    Host and user names come from URLs that somebody else may have written; an escape sequence
    in a message can repaint the screen (CVE-2024-50349).
    """
    clean = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in redact(text))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
