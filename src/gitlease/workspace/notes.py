"""
What is remembered beside the records to spare GitHub a question: failures, installation numbers.

Each note is a small file.  None is a secret, and none is needed: whoever corrects something may
have all of them forgotten.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError
from gitlease.workspace import folders

if TYPE_CHECKING:
    from pathlib import Path

    from gitlease.workspace.settings import Settings

_FAILURE: Final = ".failed~"
_INSTALLATION: Final = "installation~"


def failure_file(settings: Settings, key: str) -> Path:
    """Return where the failure to get the token *key* is noted."""
    return settings.cache / f"{_FAILURE}{key}"


def failed(settings: Settings) -> list[str]:
    """Return the keys of the tokens whose failure is noted, sorted."""
    with contextlib.suppress(OSError):
        names = [path.name for path in settings.cache.iterdir()]
        return sorted(name.removeprefix(_FAILURE) for name in names if name.startswith(_FAILURE))
    return []


def installation_file(settings: Settings, owner: str) -> Path:
    """Return where the number of the installation on *owner* is noted."""
    # By the digest: another App has another installation there.
    return settings.home / "run" / f"{_INSTALLATION}{settings.digest}~{owner}"


def forget_failure(settings: Settings, key: str) -> None:
    """Forget that the token *key* could not be had, where nothing is wrong with that."""
    with contextlib.suppress(OSError):
        failure_file(settings, key).unlink(missing_ok=True)


def forget(settings: Settings) -> None:
    """Forget all notes, so that the next miss asks for everything anew; never fails."""
    for folder, prefix in ((settings.cache, _FAILURE), (settings.home / "run", _INSTALLATION)):
        with contextlib.suppress(OSError, FolderError):
            # Another user's notes are not ours to forget, nor is anything that a link leads to.
            folders.check_owner(settings.home)
            folders.check_owner(folder)
            for path in folder.iterdir():
                if path.name.startswith(prefix):
                    path.unlink(missing_ok=True)
