"""The plan: which steps there are, in which order, and what running or undoing them gives."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from gitlease.model.errors import GitleaseError
from gitlease.model.frozen import replace
from gitlease.model.redaction import printable
from gitlease.workspace import folders, notes
from gitlease.workspace.install import traces
from gitlease.workspace.install.compat import TRACE as COMPAT
from gitlease.workspace.install.compat import Compat
from gitlease.workspace.install.enrolling import Enrolling
from gitlease.workspace.install.first_token import FirstToken
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.gh_login import GhLogin
from gitlease.workspace.install.gitconfig import GitConfig
from gitlease.workspace.install.identity import Identity
from gitlease.workspace.install.persisted import Persisted
from gitlease.workspace.install.programs import SYSTEM, Programs, SystemHelper
from gitlease.workspace.install.refresher import Refresher
from gitlease.workspace.install.report import Line, Report
from gitlease.workspace.install.shim import Shim
from gitlease.workspace.install.usable import usable
from gitlease.workspace.install.wiring import identity_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


_WRITABLE: Final = "set HOME or GITLEASE_HOME to a folder that this user may write to"
_ROOM: Final = "free some room there and install again"
_CURES: Final = {
    errno.EROFS: _WRITABLE,
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "raise this user's limit on the size of files (ulimit -f) and install again",
    errno.EAGAIN: "raise this user's limit on processes (ulimit -u) and install again",
    errno.EMFILE: "raise this user's limit on open files (ulimit -n) and install again",
}


class Step(Protocol):
    """One thing that an installation does."""

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    def describe(self) -> str:
        """Return in words what `do` would do."""
        ...

    def do(self) -> tuple[State, str]:
        """Do it, unless it is done already; return how that went."""
        ...


class Lasting(Step, Protocol):
    """A step that leaves something to undo."""

    def undo(self) -> tuple[State, str]:
        """Put back what was there before; return how that went."""
        ...


def wiring_steps(settings: Settings, env: Mapping[str, str]) -> list[Lasting]:
    """Return the steps that ask nobody and start nothing, in their order."""
    found: list[Lasting] = [
        Folders(settings, env),
        Persisted(settings, env),
        Programs(settings, env),
        Shim(settings),
    ]
    if settings.scope == "system":
        found.append(SystemHelper(settings))
    if settings.compat_dir is not None:
        found.append(Compat(settings, settings.compat_dir))
    found.append(GitConfig(settings, env))
    return found


def serving_steps(settings: Settings, env: Mapping[str, str]) -> list[Lasting]:
    """Return the steps that keep tokens fresh for whoever asks no helper."""
    identity: list[Lasting] = [Identity(settings, env)] if settings.identity else []
    return [*identity, GhLogin(settings, env), Refresher(settings, env)]


def _steps(settings: Settings, env: Mapping[str, str], *, offline: bool) -> Sequence[Step]:
    if offline:
        return wiring_steps(settings, env)
    first: list[Step] = [Enrolling(settings, env)] if settings.broker_url else []
    first.append(FirstToken(settings, env))
    return [*wiring_steps(settings, env), *first, *serving_steps(settings, env)]


def install(settings: Settings, env: Mapping[str, str], *, offline: bool = False) -> Report:
    """Do every step, if *offline* only those that ask nobody; never raises for one that failed."""
    # What failed before may work now, and nobody should have to wait to see it.
    notes.forget(settings)
    todo = _steps(settings, env, offline=offline)
    return Report(tuple(attempt(step.name, step.do) for step in todo))


def install_from(env: Mapping[str, str], *, offline: bool = False, dry_run: bool = False) -> Report:
    """
    Do every step with the settings that *env* and the file name; never raises for bad ones.

    With *dry_run* nothing is done: the report says what would be.
    """
    found = usable(env)
    if found.settings is None:
        return Report((*found.complaints, *_skipped()))
    if dry_run:
        todo = _steps(found.settings, found.env, offline=offline)
        done = Report(tuple(attempt(step.name, _planned(step)) for step in todo))
    else:
        done = install(found.settings, found.env, offline=offline)
    return Report((*found.complaints, *done.lines))


def _planned(step: Step) -> Callable[[], tuple[State, str]]:
    return lambda: ("planned", step.describe())


def _skipped() -> list[Line]:
    why = "the settings have to be right first, or a wrong host might be answered"
    steps = (Folders, Programs, GitConfig)
    return [Line(step.name, "skipped", why) for step in steps]


def uninstall(settings: Settings, env: Mapping[str, str]) -> Report:
    """Undo every step, the last first; never raises for one that failed."""
    todo = [*_former_steps(settings), *wiring_steps(settings, env)]
    if not settings.identity and folders.is_there(identity_file(settings)):
        todo.append(Identity(settings, env))
    todo = [*todo, *serving_steps(settings, env)][::-1]
    # Whoever starts the older scripts again and again would start the refresher again.
    todo.sort(key=lambda step: step.name != Compat.name)
    return Report(tuple(attempt(step.name, step.undo) for step in todo))


def _former_steps(settings: Settings) -> Iterator[Lasting]:
    """Yield those that an earlier installation did with other settings, if they left anything."""
    for place, _ in traces.left(settings, COMPAT):
        if Path(place) != settings.compat_dir:
            yield Compat(settings, Path(place))
    for place, _ in traces.left(settings, SYSTEM):
        if settings.scope != "system" or Path(place) != settings.system_helper:
            yield SystemHelper(replace(settings, system_dir=Path(place).parent))


def attempt(name: str, act: Callable[[], tuple[State, str]]) -> Line:
    """Do *act* and return how the step *name* went; never raises, and a failure has its cure."""
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
    return Line(name, state, printable(text, 400))
