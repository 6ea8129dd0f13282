"""
How the refresher stands, in `run/status.json`: what its last round left for the next, for probes.

The file's own time is that of the next round, so that whoever only wants to know whether one is
overdue need not read it.
"""

from __future__ import annotations

import contextlib
import json
import random
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import gitlease
from gitlease.model.errors import FolderError
from gitlease.model.redaction import redact
from gitlease.workspace import daemon, files, folders, pace

if TYPE_CHECKING:
    from gitlease.workspace.pace import Draw
    from gitlease.workspace.rounds import Round
    from gitlease.workspace.settings import Settings

_LIMIT = 16_384  # bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Times are seconds since 1970; `last_error` is `{"message", "hint"}` while rounds fail.

    `pid` is the process that sleeps between the rounds, `version` that of the last round.
    """

    last_success: float | None = None
    next_due: float | None = None
    failures_in_a_row: int = 0
    last_error: dict[str, str] | None = None
    pid: int | None = None
    version: str = gitlease.__version__

    def after(self, done: Round, now: float) -> Standing:
        """Return how it stands after the round *done* that ended *now*."""
        if done.error is None:
            return Standing(last_success=self.last_success if done.waiting else now)
        said = {"message": redact(done.error.message), "hint": done.error.hint}
        failures = self.failures_in_a_row + 1
        return replace(
            self, failures_in_a_row=failures, last_error=said, version=gitlease.__version__
        )


def settle(
    settings: Settings, done: Round, now: float, *, pid: int | None, draw: Draw = random.uniform
) -> int:
    """Keep how it stands after the round *done* that ended *now*; return the seconds to rest."""
    standing = read(settings).after(done, now)
    wanted = done.next_in
    if done.error is not None:
        retry = pace.until_retry(standing.failures_in_a_row, draw, urgent=done.urgent)
        wanted = min(wanted, max(retry, done.patience))
    seconds = pace.rest(wanted, settings)
    write(settings, replace(standing, next_due=now + seconds, pid=pid))
    return seconds


def read(settings: Settings) -> Standing:
    """Return what is kept, or a beginner's standing where that cannot be believed."""
    data = files.read_ours(settings.home, daemon.status_file(settings), _LIMIT)
    try:
        said: dict[str, Any] = json.loads(data or b"")
        success, failures, error = (
            said["last_success"],
            int(said["failures_in_a_row"]),
            said["last_error"],
        )
        return Standing(
            None if success is None else float(success),
            float(said["next_due"]),
            max(failures, 0),
            None if error is None else {key: str(error[key]) for key in ("message", "hint")},
            None if said["pid"] is None else int(said["pid"]),
            str(said["version"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Standing()


def mark(settings: Settings) -> tuple[int, int] | None:
    """Return what tells the word of one round from that of the next, None where there is none."""
    try:
        found = daemon.status_file(settings).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def write(settings: Settings, standing: Standing) -> None:
    """Keep *standing*; on a full disk the old one stays, and in a folder not ours nothing is."""
    data = json.dumps(asdict(standing)).encode() + b"\n"
    with contextlib.suppress(OSError, FolderError):
        path = daemon.status_file(settings)
        folders.write_ours(settings.home, path, data, mtime=standing.next_due)
