"""
A small GitHub for tests, demos and a user's own CI: REST, GraphQL and git over HTTPS.

It shares no code with the rest of the package, and imports none of it: a fake made of our own
codec would agree with our own mistakes.  It needs the extra `gitlease[emulator]`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import GitHub as GitHub

__all__ = ["GitHub"]


def __getattr__(name: str) -> Any:
    """Import `GitHub` when it is asked for: `gitlease emulate --help` needs no server."""
    if name == "GitHub":
        from .server import GitHub  # noqa: PLC0415 - the reason is the docstring

        return GitHub
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
