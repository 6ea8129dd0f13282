"""What is said where nothing is configured that could give a token: which half is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings


def is_unsourced(settings: Settings, env: Mapping[str, str]) -> bool:
    """Tell whether neither *settings* nor a token in *env* can be asked for a token."""
    if settings.broker_url or (settings.app_id and settings.private_key_file):
        return False
    return not (env.get("GITHUB_TOKEN") or env.get("GH_TOKEN"))


def no_source(settings: Settings) -> str:
    """Return in words that *settings* name no source."""
    return f"no source of tokens is configured{missing_half(settings)}"


def missing_half(settings: Settings) -> str:
    """Return which variable the source that *settings* name by halves lacks, or ""."""
    if settings.app_id and not settings.private_key_file:
        return " (GITLEASE_PRIVATE_KEY_FILE is missing)"
    if settings.private_key_file and not settings.app_id:
        return " (GITLEASE_APP_ID is missing)"
    if settings.workspace_id and not settings.broker_url:
        return " (GITLEASE_BROKER_URL is missing)"
    return ""
