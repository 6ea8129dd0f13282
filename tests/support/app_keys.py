"""The source that holds an App's key."""

from typing import Any

from gitlease.model.frozen import replace
from gitlease.workspace.settings import Settings
from gitlease.workspace.sources.app_key import AppKey
from tests.support.parts import Clock
from tests.support.tiny_github import TinyGitHub


def source(mine: Settings, github: TinyGitHub, clock: Clock, **changes: Any) -> AppKey:
    changed = replace(mine, **changes)
    return AppKey(changed, github, clock.wall)
