"""
Make GitHub's request ids: what its support asks for, so every reply carries one.
"""

import secrets


def request_id() -> str:
    """Return a fresh id in the form of `X-GitHub-Request-Id`."""
    parts = [secrets.token_hex(size).upper() for size in (2, 3, 4, 4, 4)]
    return ":".join(parts)
