"""
The settings that an installation can use, however bad they are: a container is to start.

A bad value for which the default is as safe is left out; with any other nothing is installed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import BadValueError, SettingsError
from gitlease.model.redaction import printable
from gitlease.workspace.install.report import Line
from gitlease.workspace.settings import VARIABLES, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings

# The settings in whose place the default answers no other host and gives no wider token.
_DISPENSABLE: Final = {
    "min_ttl",
    "lfs_min_ttl",
    "fail_closed",
    "second_chance",
    "allow_http",
    "app_slug",
    "gh",
    "gh_owner",
    "refresh_interval",
    "refresh_jitter",
    "refresh_initial_delay",
}


@dataclass(frozen=True, slots=True)
class Usable:
    """
    The settings, None if nothing may be installed, and the environment that says no more.

    `complaints` has a line for each value that was left out, or that nothing can do without.
    """

    settings: Settings | None
    env: Mapping[str, str] = field(repr=False)
    complaints: tuple[Line, ...]


def usable(env: Mapping[str, str]) -> Usable:
    """Return what can be used of what *env* and the file say; never raises for a bad value."""
    bad: dict[str, Line] = {}
    while True:
        try:
            settings = load(env, without=bad)
            break
        except SettingsError as error:
            line = Line("settings", "failed", printable(str(error), 400))
            name = error.setting if isinstance(error, BadValueError) else ""
            if name not in _DISPENSABLE or name in bad:
                return Usable(None, env, (*bad.values(), line))
            bad[name] = line
    ignored = {variable for name in bad for variable in VARIABLES[name]}
    rest = {name: value for name, value in env.items() if name not in ignored}
    return Usable(settings, rest, tuple(bad.values()))
