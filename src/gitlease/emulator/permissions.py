"""
Compare levels of permission, and narrow a grant to what was asked for.

Pure: it knows no world.  GitHub's levels are ordered, and every token may read metadata.
"""

from collections.abc import Mapping

LEVELS = ("read", "write", "admin")


def allows(granted: Mapping[str, str], name: str, level: str) -> bool:
    """Return whether *granted* has *name* at *level* or above."""
    held = granted.get(name)
    return held is not None and LEVELS.index(held) >= LEVELS.index(level)


def exceeds(asked: Mapping[str, str], granted: Mapping[str, str]) -> bool:
    """Return whether *asked* wants anything that *granted* does not hold."""
    return any(not allows(granted, name, level) for name, level in asked.items())


def with_metadata(permissions: Mapping[str, str]) -> dict[str, str]:
    """Return *permissions* with `metadata: read`, which GitHub adds to every token."""
    return {"metadata": "read", **permissions}
