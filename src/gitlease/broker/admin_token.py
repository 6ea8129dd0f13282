"""
The operator's bearer: from the configuration, or made at the first start into a file of ours.

The file may hold several, newest first, one a line, and is read again when it changes: so one
replaces another without an interruption, and a broker that runs forgets one that was stolen.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
import secrets
from typing import TYPE_CHECKING, Final

from gitlease.broker.identity import digest_of
from gitlease.broker.setting_values import bearer
from gitlease.model.errors import FolderError, GitleaseError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitlease.broker.settings import Settings
    from gitlease.model.tokens import Secret

log = logging.getLogger(__name__)

_PREFIX: Final = "gla_"
_LONGEST: Final = 4096  # bytes that are read of a file


class AdminTokens:
    """
    Every admin token that is good now.

    Makes the file (0600, whole or not at all) if there is none.  Raises `FolderError` if it cannot
    be written, or if others may read it, `SettingsError` for a token that can be guessed.
    """

    def __init__(self, settings: Settings) -> None:
        self._path = settings.admin_file
        self._stamp: tuple[int, int] | None = None
        self._is_configured = settings.admin_token is not None
        if settings.admin_token is not None:
            self._digests = _digests([settings.admin_token])
            return
        try:
            if not self._path.exists():
                _make(self._path)
            self._take()
        except OSError as error:
            raise _unusable(self._path, error) from None

    def opens(self, unverified_bearer: str) -> bool:
        """Tell whether that bearer is an admin token."""
        self._look_again()
        digest = digest_of(unverified_bearer)
        # All are compared, whichever fits.
        fits = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(fits)

    def _look_again(self) -> None:
        if self._is_configured:
            return
        try:
            if _stamp(self._path) != self._stamp:
                self._take()
        except (OSError, GitleaseError) as error:
            # What still works is not taken away; the file is looked at again when it changes.
            log.warning("%s; the admin tokens read before are good on", error)

    def _take(self) -> None:
        self._stamp = _stamp(self._path)
        self._digests = _digests(_read(self._path))


def rotate(settings: Settings, *, at_once: bool) -> None:
    """
    Put a new admin token in front of the file's; *at_once*, the one before is good no more.

    Otherwise that one is good until the next time.  Raises `SettingsError` if the token is
    configured, and so not ours to change, and what `AdminTokens` raises.
    """
    if settings.admin_token is not None:
        raise SettingsError(
            "the admin token is configured, not in a file of ours",
            hint="change it there and start the broker anew, or let admin_token_file hold several",
        )
    AdminTokens(settings)
    path = settings.admin_file
    try:
        before = [] if at_once else [one.reveal() for one in _read(path)[:1]]
        _draft(path, [_new(), *before]).replace(path)
    except OSError as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: OSError) -> FolderError:
    return FolderError(
        f"the admin token's file {path} cannot be used: {error.strerror}",
        hint="set GITLEASE_BROKER_DATA_DIR to a folder of this user",
    )


def _new() -> str:
    return f"{_PREFIX}{secrets.token_urlsafe(32)}"


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(path, [_new()])
    # A link, not a rename: of two that start at once, both must end up with the first one's.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _draft(path: Path, lines: Sequence[str]) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with open(os.open(draft, flags, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - an fd
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    return draft


def _read(path: Path) -> list[Secret]:
    with path.open(encoding="ascii", errors="replace") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & 0o077:
            raise FolderError(
                f"the admin token's file {path} has mode {mode & 0o777:04o}",
                hint=f"others may have read it: remove it and start again, or `chmod 600 {path}`",
            )
        # An empty file is one token of no length, which is refused.
        return [bearer(str(path), line) for line in file.read(_LONGEST).strip("\n").split("\n")]


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _digests(tokens: Sequence[Secret]) -> tuple[bytes, ...]:
    return tuple(digest_of(one.reveal()) for one in tokens)
