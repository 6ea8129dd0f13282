"""
Take secrets out of text before a person or a log sees it.

The patterns know prefixes, not shapes: GitHub's tokens are opaque and have changed their length.
"""

from __future__ import annotations

import re
from typing import Final

_SECRETS: Final = re.compile(
    r"""
      (?:gh[spour]_|github_pat_)[A-Za-z0-9_.\-]+      # GitHub's tokens, any length
    | gl[aew]_[A-Za-z0-9_\-]{40,}                      # ours; short ones end words of people
    | (?P<scheme>(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=\-]{8,}
    | eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?   # a JWT
    | (?P<user>//[^/\s:@]*:)[^\s/]+(?=@)              # the password of a URL
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def redact(text: str) -> str:
    """Return *text* with each token, bearer, JWT, URL password and private key blotted out."""
    return _SECRETS.sub(
        lambda found: f"{found['scheme'] or found['user'] or ''}[redacted]",
        text,
    )


def printable(text: str, limit: int = 200) -> str:
    """
    Return *text* fit for one line on a terminal: redacted, escaped, at most *limit* characters.

    Host and user names come from URLs that somebody else may have written; an escape sequence
    in a message can repaint the screen (CVE-2024-50349).
    """
    clean = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in redact(text))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
