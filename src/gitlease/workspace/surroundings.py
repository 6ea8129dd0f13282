"""
What a program that we start gets as its environment: its own, plus what leads git and gh to us.

The program is to notice nothing else of us: what Python adds to its own environment is taken out.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.workspace import folders
from gitlease.workspace.install import wiring
from gitlease.workspace.install.asked import why_not_asked, why_outdated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings

_COUNT: Final = "GIT_CONFIG_COUNT"
_AS_STARTED = Path("/proc/self/environ")


def additions(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """
    Return the variables by which git and gh find us in the environment *env*.

    git is told by variables only where its files do not tell it.
    """
    found: dict[str, str] = {}
    shims = str(settings.shim.parent)
    # A PATH cannot name a folder with a colon: half of it would be one below wherever somebody is.
    if folders.is_there(settings.shim) and ":" not in shims:
        rest = [one for one in env.get("PATH", "/usr/bin:/bin").split(":") if one != shims]
        path = ":".join([shims, *rest])
        if path != env.get("PATH"):
            found["PATH"] = path
    is_told = not why_not_asked(settings, env) and not why_outdated(settings)
    if folders.is_file(settings.helper) and not is_told:
        found |= wiring.variables(settings, env)
    return found


def remember(settings: Settings, found: Mapping[str, str]) -> None:
    """Note whether *found*, which a command gets, wires its git; never fails."""
    with contextlib.suppress(OSError, GitleaseError):
        if _COUNT in found:
            folders.write_ours(settings.home, _marker(settings), b"")
        else:
            _marker(settings).unlink(missing_ok=True)


def is_wired(settings: Settings) -> bool:
    """Tell whether git is wired by variables in the command that `gitlease run` was for."""
    return folders.is_there(_marker(settings))


def _marker(settings: Settings) -> Path:
    return settings.home / "run" / "wired-by-variables"


def without_python(env: Mapping[str, str]) -> dict[str, str]:
    """Return *env* without what this interpreter has put in: a coerced locale (PEP 538)."""
    try:
        started = _AS_STARTED.read_bytes().split(b"\0")
    except OSError:
        return dict(env)
    was_there = any(one.startswith(b"LC_CTYPE=") for one in started)
    return {name: value for name, value in env.items() if name != "LC_CTYPE" or was_there}
