"""
Keep `git` and `gh` in long-lived containers supplied with valid GitHub App tokens.

Nothing is imported here that a caller has not asked for: this module is on the path of every
command, the credential helper's included.
"""

# `typing` alone would cost more than all else that a helper imports.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitlease.workspace.install.entry import install_credential_helper
    from gitlease.workspace.install.report import Line, Report

__version__ = "0.1.0"
__all__ = ["Line", "Report", "__version__", "install_credential_helper"]

_HOMES = {
    "install_credential_helper": "gitlease.workspace.install.entry",
    "Line": "gitlease.workspace.install.report",
    "Report": "gitlease.workspace.install.report",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gitlease' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only for who asks

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names, which are not there before they are asked for."""
    return sorted(__all__)
