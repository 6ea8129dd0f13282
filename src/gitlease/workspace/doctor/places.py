"""Our folders and files, and the lock that git takes on its config."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError, GitleaseError
from gitlease.workspace import folders
from gitlease.workspace.cache import Cache
from gitlease.workspace.doctor.findings import Finding
from gitlease.workspace.install.folders import NAMES
from gitlease.workspace.install.gitconfig import user_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlease.workspace.doctor.patient import Patient

# No git holds it longer than it takes to write a file.
_STALE: Final = 30.0  # seconds


def check_settings(patient: Patient) -> Iterator[Finding]:
    """The settings file is read, and all of it has a meaning."""
    if patient.settings.problem:
        cause, _, cure = patient.settings.problem.partition("; ")
        yield Finding("settings-file", cause, cure or "remove that line")


def check_folders(patient: Patient) -> Iterator[Finding]:
    """Our folders are there, ours, and closed to others."""
    home = patient.settings.home
    if not folders.is_there(home):
        yield Finding("folder", f"{home} is missing", "run `gitlease install`")
        return
    shims = patient.settings.shim.parent
    places = [home, *(home / name for name in NAMES), *([shims] if folders.is_there(shims) else [])]
    for path in places:
        try:
            folders.check_private(path)
        except FolderError as error:
            cure = error.hint if folders.is_there(path) else "run `gitlease install`"
            yield Finding("folder", error.message, cure)
            if path == home:
                # What is in it cannot be judged, nor mended, before that.
                return


def check_records(patient: Patient) -> Iterator[Finding]:
    """Every cached token can be believed."""
    cache = Cache(patient.settings)
    for name in cache.names():
        if cache.is_torn(name):
            cause = f"the cached token {name} cannot be believed"
            yield Finding("record", cause, "run `gitlease invalidate`")


def check_lock(patient: Patient) -> Iterator[Finding]:
    """No git that died has left its lock on the config of the user or of this repository."""
    configs = []
    try:
        configs.append(Path(os.path.realpath(user_config(patient.env))))
        folder = patient.git.run("rev-parse", "--git-common-dir").stdout.removesuffix("\n")
        configs += [Path(folder) / "config"] if folder.startswith("/") else []
        configs += [patient.folder / folder / "config"] if folder[:1] not in {"", "/"} else []
    except GitleaseError:
        # Another check names it.
        pass
    for config in configs:
        lock = config.with_name(config.name + ".lock")
        try:
            age = time.time() - lock.stat().st_mtime
        except OSError:
            continue
        if age > _STALE:
            cause = f"{lock} is {age:.0f} s old: nothing can change {config.name} while it is there"
            yield Finding("git-config-lock", cause, f"rm {shlex.quote(str(lock))}")
