"""The plan: which steps there are, in which order, and what running or undoing them gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.gitconfig import GitConfig
from gitlease.workspace.install.persisted import Persisted
from gitlease.workspace.install.programs import Programs
from gitlease.workspace.install.report import Line, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


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
    return Report(tuple(_attempt(step.name, step.do) for step in steps(settings, env)))


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
        return Line(name, "failed", printable(f"{text}; mend it and install again", 400))
    except Exception as error:  # noqa: BLE001 - a container starts without git rather than not at all
        return Line(name, "failed", f"a defect ({type(error).__name__}); please report it")
    return Line(name, state, text)
