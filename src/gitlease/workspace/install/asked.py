"""
Whether git asks our helper, and is told what the settings say, by what we wrote into its config.

It is for probes, so git is not started; `doctor` asks git itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.errors import GitleaseError
from gitlease.workspace import files
from gitlease.workspace.install import wiring
from gitlease.workspace.install.gitblock import has_include
from gitlease.workspace.install.gitconfig import own_file, program, system_config, user_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings


def why_not_asked(settings: Settings, env: Mapping[str, str]) -> str:
    """Return in words why git does not know of our helper, or ""."""
    try:
        if not wiring.variables(settings, env):
            # As in what `gitlease run` has started where git's files could not be changed.
            return ""
        if settings.scope == "env":
            return 'git is not told of our helper in this environment; `eval "$(gitlease env)"`'
        path = system_config(env) if settings.scope == "system" else user_config(env)
        own = own_file(settings)
        text = files.read_regular(path).decode("utf-8", "surrogateescape")
        if has_include(text, own) and wiring.names_helper(
            _own(settings), settings, program(settings)
        ):
            return ""
    except GitleaseError as error:
        return str(error)
    except OSError:
        pass
    return f"git does not ask our helper for {settings.host}; run `gitlease install`"


def why_outdated(settings: Settings) -> str:
    """Return in words what git is told otherwise than the settings of now say, or ""."""
    try:
        said = _own(settings)
    except OSError:
        # Git is wired in another way, or not at all.
        return ""
    if said == wiring.file_text(settings, program(settings)):
        return ""
    return f"{own_file(settings)} was written for other settings or by another version"


def _own(settings: Settings) -> str:
    return files.read_regular(own_file(settings)).decode("utf-8", "surrogateescape")
