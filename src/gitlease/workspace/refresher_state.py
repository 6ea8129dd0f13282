"""
How the refresher fares, as it wrote it down; nothing here starts or stops it.

`run/refresher.wanted` says that this workspace has one, `run/refresher.pid` which process it is,
`run/status.json` how its last round went.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gitlease.model.redaction import printable
from gitlease.workspace import folders

if TYPE_CHECKING:
    from pathlib import Path

    from gitlease.workspace.settings import Settings

# A round asks several servers, and a suspended machine needs a moment.
_GRACE: Final = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class RefresherState:
    """
    The refresher's process or None, how late it is, and its failures in a row with the last one.

    `late` is in seconds, 0.0 if it is in time.
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
            return f"the refresher failed {self.failures} times: {self.message}; {self.hint}"
        return ""


def read(settings: Settings) -> RefresherState | None:
    """Return the state of the refresher, None if this workspace has none."""
    run = settings.home / "run"
    if not (run / "refresher.wanted").exists():
        return None
    said = _said(run / "status.json")
    error = said.get("last_error")
    error = error if isinstance(error, dict) else {}
    due = _number(said.get("next_due"))
    over = time.time() - due if due else 0.0
    return RefresherState(
        pid=_process(run / "refresher.pid"),
        late=over if over > _GRACE else 0.0,
        failures=int(_number(said.get("failures_in_a_row"))),
        message=printable(str(error.get("message", "")), 400),
        hint=printable(str(error.get("hint", "")), 200),
    )


def _process(path: Path) -> int | None:
    data = folders.read_private(path, 64) or b""
    if not data.strip().isdigit():
        return None
    pid = int(data)
    try:
        os.kill(pid, 0)
    except PermissionError:
        # Somebody else's now: a number is used again.
        return None
    except (OSError, OverflowError):
        return None
    return pid or None


def _said(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(folders.read_private(path, 65_536) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _number(value: object) -> float:
    # `json` reads NaN, Infinity and endless numbers too, and True is one.
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return 0.0
    with contextlib.suppress(OverflowError):
        return float(value) if math.isfinite(value) else 0.0
    return 0.0
