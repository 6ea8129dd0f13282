"""The plan: which steps there are, in which order, and what running or undoing them gives."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final, Protocol

from gitlease.model.errors import BadValueError, GitleaseError, SettingsError
from gitlease.model.redaction import printable
from gitlease.workspace import notes
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.gitconfig import GitConfig
from gitlease.workspace.install.persisted import Persisted
from gitlease.workspace.install.programs import Programs
from gitlease.workspace.install.report import Line, Report
from gitlease.workspace.settings import VARIABLES, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


# The settings in whose place the default answers no other host and gives no wider token.
_DISPENSABLE: Final = {
    "min_ttl",
    "lfs_min_ttl",
    "fail_closed",
    "second_chance",
    "allow_http",
    "app_slug",
    "refresh_interval",
    "refresh_jitter",
    "refresh_initial_delay",
}
_WRITABLE: Final = "set HOME or GITLEASE_HOME to a folder that this user may write to"
_ROOM: Final = "free some room there and install again"
_CURES: Final = {
    errno.EROFS: _WRITABLE,
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
}


class Step(Protocol):
    """One thing that an installation does."""

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    def do(self) -> tuple[State, str]:
        """Do it, unless it is done already; return how that went."""
        ...

    def undo(self) -> tuple[State, str]:
        """Put back what was there before; return how that went."""
        ...


def steps(settings: Settings, env: Mapping[str, str]) -> Sequence[Step]:
    """Return the steps in the order in which they are done; they are undone in reverse."""
    return [
        Folders(settings),
        Persisted(settings, env),
        Programs(settings),
        GitConfig(settings, env),
    ]


def install(settings: Settings, env: Mapping[str, str]) -> Report:
    """Do every step; never raises for one that failed."""
    # What failed before may work now, and nobody should have to wait to see it.
    notes.forget(settings)
    return Report(tuple(_attempt(step.name, step.do) for step in steps(settings, env)))


def install_from(env: Mapping[str, str]) -> Report:
    """
    Do every step with the settings that *env* and the file name; never raises for bad ones.

    A bad value for which the default is as safe is left out; with any other nothing is installed.
    """
    bad: dict[str, Line] = {}
    while True:
        try:
            settings = load(env, without=bad)
            break
        except SettingsError as error:
            line = Line("settings", "failed", printable(str(error), 400))
            name = error.setting if isinstance(error, BadValueError) else ""
            if name not in _DISPENSABLE or name in bad:
                return Report((*bad.values(), line, *_skipped()))
            bad[name] = line
    ignored = {variable for name in bad for variable in VARIABLES[name]}
    rest = {name: value for name, value in env.items() if name not in ignored}
    return Report((*bad.values(), *install(settings, rest).lines))


def _skipped() -> list[Line]:
    why = "the settings have to be right first, or a wrong host might be answered"
    steps = (Folders, Programs, GitConfig)
    return [Line(step.name, "skipped", why) for step in steps]


def uninstall(settings: Settings, env: Mapping[str, str]) -> Report:
    """Undo every step, the last first; never raises for one that failed."""
    return Report(tuple(_attempt(step.name, step.undo) for step in reversed(steps(settings, env))))


def _attempt(name: str, act: Callable[[], tuple[State, str]]) -> Line:
    try:
        state, text = act()
    except GitleaseError as error:
        return Line(name, "failed", printable(str(error), 400))
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        text = f"{error.strerror}:{where}" if where else str(error.strerror or error)
        cure = _CURES.get(error.errno or 0, "mend it and install again")
        return Line(name, "failed", printable(f"{text}; {cure}", 400))
    except Exception as error:  # noqa: BLE001 - a container starts without git rather than not at all
        return Line(name, "failed", f"a defect ({type(error).__name__}); please report it")
    return Line(name, state, text)
