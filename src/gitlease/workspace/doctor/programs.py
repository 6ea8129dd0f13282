"""
The installed programs and what they start: there, executable, and what this version would write.

All are written together, so the interpreter that is baked into the helper is that of the others.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import FolderError, GitleaseError
from gitlease.workspace import daemon, folders
from gitlease.workspace.doctor.baked import baked_into, gone, holds, read
from gitlease.workspace.doctor.findings import Finding
from gitlease.workspace.install import compat
from gitlease.workspace.install.programs import start_python
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitlease.workspace.doctor.baked import Baked
    from gitlease.workspace.doctor.patient import Patient
    from gitlease.workspace.settings import Settings

_AGAIN: Final = "run `gitlease install`"


def check_helper(patient: Patient) -> Iterator[Finding]:
    """The helper can be run, and its Python too; both know what the settings say now."""
    settings = patient.settings
    if not folders.is_file(settings.helper):
        yield Finding("helper-missing", f"{settings.helper} is missing", _AGAIN)
        return
    if not os.access(settings.helper, os.X_OK):
        cure = f"{_AGAIN}; where programs are forbidden (noexec), set GITLEASE_HOME elsewhere first"
        yield Finding("helper-missing", f"{settings.helper} cannot be run", cure)
        return
    baked = baked_into(settings.helper)
    again = f"{_AGAIN} from where gitlease is installed to stay"
    lost = gone(baked)
    if lost is not None:
        what = f"{lost}, which is gone" if baked.python else "nothing of ours"
        yield Finding("interpreter", f"the helper starts {what}", again)
    elif _is_safe(settings.helper):
        try:
            start_python(baked.python, baked.main)
        except GitleaseError as error:
            yield Finding("interpreter", error.message, again)
    if baked.settings != settings.digest or baked.home != str(settings.home):
        cause = f"{settings.helper} was written for other settings than those of now"
        yield Finding("helper-outdated", cause, _AGAIN)
    elif lost is None and not holds(settings.helper, _helper_text(settings, baked)):
        cause = f"{settings.helper} is not what this version of gitlease writes"
        yield Finding("helper-outdated", cause, _AGAIN)


def check_programs(patient: Patient) -> Iterator[Finding]:
    """The refresher, gh's shim and the older scripts are there, ours, and of this version."""
    settings = patient.settings
    baked = baked_into(settings.helper)
    if gone(baked) is not None or not os.access(settings.helper, os.X_OK):
        # An installation for the helper's sake writes them all.
        return
    for path, template, text, is_run in _beside_the_helper(settings, baked):
        if not folders.is_file(path) or (is_run and not os.access(path, os.X_OK)):
            what = "cannot be run" if folders.is_file(path) else "is missing"
            yield Finding("program-missing", f"{path} {what}", _AGAIN)
        elif not holds(path, text):
            is_ours = read(path).startswith(templates.opening(template).encode())
            what = "is not what this version of gitlease writes for the settings of now"
            cause = f"{path} {what if is_ours else 'is no program of ours'}"
            yield Finding("program-outdated", cause, _AGAIN)


def _beside_the_helper(settings: Settings, baked: Baked) -> Iterator[tuple[Path, str, str, bool]]:
    """Yield path, template and text of each program, and whether it is run as one."""
    python, main = baked.python, baked.main
    yield settings.shim, "gh.sh", templates.gh_shim(settings, python=python, main=main), True
    if folders.is_there(daemon.marker(settings)):
        text = templates.refresher(settings, python=python, main=main)
        yield settings.refresher, "refresher.sh", text, False
    folder = settings.compat_dir
    if folder is None or not _is_own(folder):
        # Those that came with an image are not for this user to write.
        return
    for name, template, fill in compat.PROGRAMS:
        yield folder / name, template, fill(settings, python=python, main=main), True


def _is_safe(helper: Path) -> bool:
    """Tell whether nobody else can have written what we are about to start."""
    try:
        folders.check_ours(helper.parent.parent)
        folders.check_ours(helper.parent)
        return helper.stat().st_uid == os.geteuid()
    except (FolderError, OSError):
        return False


def _helper_text(settings: Settings, baked: Baked) -> str:
    return templates.credential_helper(settings, python=baked.python, main=baked.main)


def _is_own(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return True
