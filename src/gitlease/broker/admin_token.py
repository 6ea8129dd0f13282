"""The operator's bearer: from the configuration, or made at the first start into a file of ours."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING, Final

from gitlease.broker.setting_values import bearer
from gitlease.model.errors import FolderError

if TYPE_CHECKING:
    from pathlib import Path

    from gitlease.broker.settings import Settings
    from gitlease.model.tokens import Secret

_PREFIX: Final = "gla_"
_LONGEST: Final = 4096  # bytes that are read of a file


def admin_token(settings: Settings) -> Secret:
    """
    Return the admin token; make its file (0600, whole or not at all) if there is none.

    Raises `FolderError` if the file cannot be written, or if others may read it.
    """
    if settings.admin_token is not None:
        return settings.admin_token
    path = settings.admin_file
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise FolderError(
            f"the admin token's file {path} cannot be used: {error.strerror}",
            hint="set GITLEASE_BROKER_DATA_DIR to a folder of this user",
        ) from None


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with open(os.open(draft, flags, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - an fd
        file.write(f"{_PREFIX}{secrets.token_urlsafe(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    # A link, not a rename: of two that start at once, both must end up with the first one's.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _read(path: Path) -> Secret:
    with path.open(encoding="ascii", errors="replace") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & 0o077:
            raise FolderError(
                f"the admin token's file {path} has mode {mode & 0o777:04o}",
                hint=f"others may have read it: remove it and start again, or `chmod 600 {path}`",
            )
        return bearer(str(path), file.read(_LONGEST).strip("\n"))
