"""The installed helper and what it starts: there, executable, and written for these settings."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError, GitleaseError
from gitlease.workspace import files, folders
from gitlease.workspace.doctor.findings import Finding
from gitlease.workspace.install.programs import start_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlease.workspace.doctor.patient import Patient

_AGAIN: Final = "run `gitlease install`"


def check_helper(patient: Patient) -> Iterator[Finding]:
    """The helper can be run, and its Python too; both know what the settings say now."""
    settings = patient.settings
    if not settings.helper.is_file():
        yield Finding("helper-missing", f"{settings.helper} is missing", _AGAIN)
        return
    if not os.access(settings.helper, os.X_OK):
        cure = f"{_AGAIN}; where programs are forbidden (noexec), set GITLEASE_HOME elsewhere first"
        yield Finding("helper-missing", f"{settings.helper} cannot be run", cure)
        return
    baked = _baked(settings.helper)
    python, main = baked.get("python", ""), baked.get("main", "")
    again = f"{_AGAIN} from where gitlease is installed to stay"
    if not os.access(python, os.X_OK) or not os.access(main, os.R_OK):
        gone = main if os.access(python, os.X_OK) else python
        yield Finding("interpreter", f"the helper starts {gone}, which is gone", again)
    elif _is_safe(settings.helper):
        try:
            start_python(python, Path(main))
        except GitleaseError as error:
            yield Finding("interpreter", error.message, again)
    if baked.get("settings") != settings.digest or baked.get("home") != str(settings.home):
        cause = f"{settings.helper} was written for other settings than those of now"
        yield Finding("helper-outdated", cause, _AGAIN)


def _is_safe(helper: Path) -> bool:
    """Tell whether nobody else can have written what we are about to start."""
    try:
        folders.check_ours(helper.parent.parent)
        folders.check_ours(helper.parent)
        return helper.stat().st_uid == os.geteuid()
    except (FolderError, OSError):
        return False


def _baked(helper: Path) -> dict[str, str]:
    """Return the values that the installer wrote into the program."""
    try:
        text = files.read_regular(helper).decode("utf-8", "surrogateescape")
        line = next(line for line in text.splitlines() if line.startswith("python="))
        return dict(word.split("=", 1) for word in shlex.split(line) if "=" in word)
    except (OSError, ValueError, StopIteration):
        return {}
