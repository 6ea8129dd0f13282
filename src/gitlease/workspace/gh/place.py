"""Where gh keeps its files, and how long ours wait for each other there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.workspace.settings import user_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTS: Final = "hosts.yml"
CONFIG: Final = "config.yml"
# Another process of ours may have to let gh itself log in, which asks GitHub.
PATIENCE: Final = 20.0  # seconds


def folder(env: Mapping[str, str]) -> Path:
    """Return the folder of gh's files (gh help environment); raise `SettingsError` without HOME."""
    if env.get("GH_CONFIG_DIR"):
        named = Path(env["GH_CONFIG_DIR"])
    elif env.get("XDG_CONFIG_HOME"):
        named = Path(env["XDG_CONFIG_HOME"]) / "gh"
    else:
        named = user_folder(env) / ".config" / "gh"
    return named.absolute()
