"""
What gh's files were before our login, kept in our `run/` until the login is taken back.

Of `hosts.yml` only our host's block is kept, and the whole text where it names no host: what others
have in it is no business of ours, and a second copy of their tokens is one too many.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from gitlease.workspace import files, folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitlease.workspace.settings import Settings

_PREFIX: Final = "gh-login~"
_LIMIT: Final = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Former:
    """
    The state of the gh folder *folder* before we logged in to *host*.

    *made* is the topmost folder that had to be made for it ("" for none).  *had_hosts* says whether
    its `hosts.yml` named any host; *hosts* is the whole text if not (None: there was no file),
    *block* our host's block if it was named.  *config* is the whole `config.yml` if *had_version*
    says that it had no version.
    """

    folder: str
    host: str
    made: str
    had_hosts: bool
    hosts: str | None = field(repr=False)
    block: str | None = field(repr=False)
    config: str | None = field(repr=False)
    had_version: bool


def remember(settings: Settings, former: Former) -> None:
    """Keep *former*; who has logged in before must not do so again, see `recall`."""
    path = _file(settings, former.folder, former.host)
    folders.make_private(settings.home)
    folders.make_private(path.parent)
    folders.write_ours(settings.home, path, json.dumps(asdict(former)).encode())


def recall(settings: Settings, folder: str, host: str) -> Former | None:
    """Return what is kept for *folder* and *host*, None if nothing is."""
    return _read(settings, _file(settings, folder, host))


def all_kept(settings: Settings) -> Iterator[Former]:
    """Yield all that is kept, for whichever folder and host."""
    for path in sorted((settings.home / "run").glob(f"{_PREFIX}*")):
        former = _read(settings, path)
        if former is not None:
            yield former


def forget(settings: Settings, former: Former) -> None:
    """Keep *former* no longer; never fails."""
    with contextlib.suppress(OSError):
        _file(settings, former.folder, former.host).unlink()


def _file(settings: Settings, folder: str, host: str) -> Path:
    name = hashlib.sha256(f"{host}\n{folder}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return settings.home / "run" / f"{_PREFIX}{name}"


def _read(settings: Settings, path: Path) -> Former | None:
    try:
        return Former(**json.loads(files.read_ours(settings.home, path, _LIMIT) or b""))
    except (ValueError, TypeError):
        return None
