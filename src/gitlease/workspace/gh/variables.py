"""
The variables that give gh a token, before any login of its own.

Source: `gh help environment`.
"""

from __future__ import annotations

from typing import Final

_GITHUB: Final = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE: Final = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
ALL: Final = (*_GITHUB, *_ENTERPRISE)


def is_tenant(host: str) -> bool:
    """Tell whether *host* is a tenant of ghe.com, which is meant by the same ones as github.com."""
    return host.endswith(".ghe.com")


def meaning(host: str) -> tuple[str, str]:
    """Return the two that gh means for *host*, the first that is set wins."""
    return _GITHUB if host == "github.com" or is_tenant(host) else _ENTERPRISE
