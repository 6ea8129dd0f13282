"""
Seal cached tokens, so that the database alone yields none.

The key is in a file beside SQLite's, or configured; several keys may be valid at once, newest
first, which is how they are changed without an interruption.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from gitlease.model.errors import SettingsError
from gitlease.model.tokens import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

_HINT: Final = "a key is 32 random bytes in URL-safe base64; a key file has one on each line"


class Sealer:
    """Seals under the first key, opens under any; a key file that changed is read again."""

    def __init__(
        self, keys: Sequence[Secret], file: Path | None = None, *, ours: bool = False
    ) -> None:
        """
        Take *keys*, newest first, or else the keys in *file*, which may be *ours* to change.

        Raises `SettingsError` if there is no key, or one has no valid form.
        """
        self.file = None if keys else file
        # A configured file may have copies on other machines: a key made here would be unknown
        # there.
        self.ours = ours and self.file is not None
        self._stamp: tuple[int, int] | None = None
        if not keys and file is None:
            raise SettingsError("there is no key to seal cached tokens with", hint=_HINT)
        self._fernet = _fernet(keys) if keys else self._read()

    def seal(self, key: str, secret: Secret) -> bytes:
        """Return *secret* sealed for the row *key*."""
        self._look_again()
        return self._fernet.encrypt(json.dumps([key, secret.reveal()]).encode())

    def open(self, key: str, sealed: bytes) -> Secret | None:
        """Return what was sealed for the row *key*; None if it was not, or its key is gone."""
        try:
            plain = self._fernet.decrypt(sealed)
        except InvalidToken:
            if not self._look_again():
                return None
            try:
                plain = self._fernet.decrypt(sealed)
            except InvalidToken:
                return None
        # A row that somebody copied over another one would widen a scope.
        row, secret = json.loads(plain)
        return Secret(secret) if row == key else None

    def new_key(self) -> None:
        """
        Put a new key at the top of the key file, and keep the one before it until the next time.

        Raises `SettingsError` if the keys are configured, and so not ours to change.
        """
        if self.file is None or not self.ours:
            raise SettingsError(
                "the keys are configured, not in a file of ours",
                hint="put a new key in front of them everywhere, rotate, then remove the old one",
            )
        before = self.file.read_text().split()
        _write(self.file, [Fernet.generate_key().decode(), *before[:1]])
        self._look_again()

    def _look_again(self) -> bool:
        stamp = None if self.file is None else _stamp(self.file)
        # A file that has gone takes no key away from a broker that runs.
        if stamp is None or stamp == self._stamp:
            return False
        try:
            self._fernet = self._read()
        except SettingsError as error:
            # What still works is not taken away; the file is looked at again when it changes.
            log.warning("%s; the keys read before are used on", error)
            self._stamp = stamp
            return False
        return True

    def _read(self) -> MultiFernet:
        assert self.file is not None  # noqa: S101 - for the type checker; the caller has looked
        stamp = _stamp(self.file)
        try:
            if self.file.stat().st_mode & 0o077:
                raise SettingsError(
                    f"the key file {self.file} can be read by others", hint="chmod 600 that file"
                )
            keys = [Secret(line) for line in self.file.read_text("ascii").split()]
        except (OSError, UnicodeError) as failed:
            said = getattr(failed, "strerror", None) or "it is no text"
            raise SettingsError(
                f"the key file {self.file} cannot be read: {said}", hint=_HINT
            ) from None
        fernet = _fernet(keys)
        self._stamp = stamp
        return fernet


def beside(file: Path) -> Path:
    """Return the key file of the database in *file*, where none is configured."""
    return file.with_name(f"{file.name}.key")


def make_key_file(file: Path) -> None:
    """Make *file* with a new key, mode 0600, unless it is there; of several callers one wins."""
    if file.exists():
        return
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        _create(draft, [Fernet.generate_key().decode()])
        # Unlike a rename, a link never replaces the key that another process just made.
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    except OSError as failed:
        raise SettingsError(
            f"the key file {file} cannot be made: {failed.strerror}",
            hint="give a folder that the broker's user may write, or configure a key",
        ) from None


def _write(file: Path, keys: list[str]) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    _create(draft, keys)
    draft.replace(file)


def _create(file: Path, keys: list[str]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(file, flags, 0o600), "w") as opened:
        opened.write("".join(f"{key}\n" for key in keys))
        opened.flush()
        os.fsync(opened.fileno())


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _fernet(keys: Sequence[Secret]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key.reveal()) for key in keys])
    except (ValueError, TypeError):
        raise SettingsError("a key for cached tokens has no valid form", hint=_HINT) from None
