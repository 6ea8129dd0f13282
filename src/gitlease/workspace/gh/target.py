"""Whose token gh gets: it has one for all that it does on our host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.targets import Target

if TYPE_CHECKING:
    from gitlease.workspace.settings import Settings


def target(settings: Settings) -> Target:
    """Return the target of gh's token: the setting `gh_owner`, else what the host alone gives."""
    return Target(settings.host, settings.gh_owner or None)
