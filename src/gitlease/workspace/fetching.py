"""The renewal of a whole workspace, wired: its cache, its sources, its clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.renewal import Renewal
from gitlease.workspace.sources import Chain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings


def renewal_for(settings: Settings, env: Mapping[str, str]) -> Renewal:
    """Return what gets tokens for the workspace of *settings*, whose environment is *env*."""
    cache = Cache(settings)
    sources = Chain(settings, env, cache, time.time)
    return Renewal(settings, cache, sources, clocks.read, configured=sources.configured)
