"""
How the refresher fares, for probes: whether it runs, and what its last round wrote down.

Nothing here starts or stops it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gitlease.model.counts import counted
from gitlease.model.redaction import printable
from gitlease.workspace import daemon, folders, standing

if TYPE_CHECKING:
    from gitlease.workspace.settings import Settings

# A round asks several servers, and a suspended machine needs a moment.
_GRACE: Final = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class RefresherState:
    """
    The refresher's process or None, how late it is, and its failures in a row with the last one.

    `pid` is 0 where one runs and its number is not known; `late` is in seconds, 0.0 if in time.
    """

    pid: int | None
    late: float
    failures: int
    message: str
    hint: str

    def as_json(self) -> dict[str, Any]:
        """Return the state for programs."""
        return {"pid": self.pid, "late": int(self.late), "failures_in_a_row": self.failures}

    @property
    def problem(self) -> str:
        """What is wrong with it in one line, with the cure, or ""."""
        if self.pid is None:
            return "the refresher is gone; run `gitlease install`, which starts it"
        if self.late:
            return f"the refresher is {self.late:.0f} s late; run `gitlease doctor`"
        if self.failures:
            often = counted(self.failures, "time")
            why = "; ".join(filter(None, (self.message, self.hint)))
            return f"the refresher failed {often}: {why}"
        return ""


def read(settings: Settings) -> RefresherState | None:
    """Return the state of the refresher, None if this workspace has none."""
    if not folders.is_there(daemon.marker(settings)):
        return None
    said = standing.read(settings)
    over = time.time() - said.next_due if said.next_due else 0.0
    error = said.last_error or {}
    return RefresherState(
        pid=daemon.is_running(settings),
        late=over if over > _GRACE else 0.0,
        failures=said.failures_in_a_row,
        message=printable(error.get("message", ""), 400),
        hint=printable(error.get("hint", ""), 200),
    )
