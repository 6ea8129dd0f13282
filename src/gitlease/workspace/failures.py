"""
What a leader heard, kept a moment for its followers and for loops of failing git commands.

A failure is remembered for as long as asking again makes no sense, and under the configuration it
was met with: a setting that has been corrected is tried at once.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Final

from gitlease.model import errors
from gitlease.model.redaction import redact
from gitlease.workspace import files, folders, notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlease.model.errors import GitleaseError
    from gitlease.workspace.settings import Settings

# How long nobody asks again, so that a loop of failing git commands is no storm: after what may
# pass by itself, and after what takes a person to change.
_PASSING: Final = 2.0  # seconds
_LASTING: Final = 5.0  # seconds
# However long GitHub says: a person who has mended it shall not wait for ever.
_LONGEST: Final = 300.0  # seconds
# An older failure says little about now.
_RECENT: Final = 3600.0  # seconds


def patience(error: GitleaseError) -> float:
    """Return for how many seconds after *error* nobody shall ask again."""
    wait = (isinstance(error, errors.SourceError) and error.retry_after) or 0.0
    if isinstance(error, (errors.UnreachableError, errors.RateLimitedError)):
        wait = max(wait, _PASSING)
    if isinstance(error, (errors.NotInstalledError, errors.UnauthorizedError, errors.RefusedError)):
        wait = max(wait, _LASTING)
    return min(wait, _LONGEST)


def recent(
    settings: Settings, configured: Callable[[], str], now: float
) -> Iterator[tuple[str, GitleaseError]]:
    """Yield what could not be had in the last hour and not since either, with the reason."""
    noted = Failures(settings, configured)
    for key in notes.failed(settings):
        error = noted.heard(key, now - _RECENT, now)
        if error is not None:
            yield key.replace("~", "/"), error


class Failures:
    """The notes of failures; *configured* names what the sources are configured with."""

    def __init__(self, settings: Settings, configured: Callable[[], str]) -> None:
        self._settings = settings
        self._configured = configured

    def note(self, key: str, error: GitleaseError, now: float) -> None:
        """Note that the token *key* could not be had at the wall time *now*."""
        memo = {
            "kind": type(error).__name__,
            "message": redact(error.message),
            "hint": error.hint,
            "at": now,
            "until": now + patience(error),
            "configured": self._configured(),
        }
        path = notes.failure_file(self._settings, key)
        with contextlib.suppress(OSError, errors.FolderError):
            folders.write_ours(self._settings.home, path, json.dumps(memo).encode())

    def heard(self, key: str, asked_at: float, now: float) -> GitleaseError | None:
        """Return the failure that holds for who asked at *asked_at*, or None to ask."""
        path = notes.failure_file(self._settings, key)
        data = files.read_ours(self._settings.home, path, 4096)
        try:
            memo = json.loads(data or b"")
            at, until = float(memo["at"]), float(memo["until"])
            kind = getattr(errors, str(memo["kind"]))
            message, hint = str(memo["message"]), str(memo["hint"])
            configured = memo["configured"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        if not (asked_at <= at <= now or at <= now < until):
            return None
        if configured != self._configured():
            return None
        if not (isinstance(kind, type) and issubclass(kind, errors.GitleaseError)):
            return None
        return kind(message, hint=hint)

    def forget_answered(self, name: str, *, for_all: bool) -> None:
        """Forget each failure to get what the record *name* answers; *for_all* as in `Fetched`."""
        for key in notes.failed(self._settings):
            if key == name or (for_all and key.startswith(f"{name}~")):
                self.forget(key)

    def forget(self, key: str) -> None:
        """Forget the failure to get the token *key*."""
        with contextlib.suppress(OSError):
            notes.failure_file(self._settings, key).unlink()
