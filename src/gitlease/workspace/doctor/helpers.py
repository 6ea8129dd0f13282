"""Whom git asks for our host's credentials, and who is told our tokens."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable
from gitlease.workspace import files
from gitlease.workspace.doctor.findings import Finding
from gitlease.workspace.doctor.git import BrokenConfigError
from gitlease.workspace.install.asked import why_outdated
from gitlease.workspace.install.compat import calls_script, is_older_line
from gitlease.workspace.install.gitblock import has_include
from gitlease.workspace.install.gitconfig import own_file, program, user_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlease.workspace.doctor.git import Entry, Git
    from gitlease.workspace.doctor.patient import Patient
    from gitlease.workspace.settings import Settings

_AGAIN: Final = "run `gitlease install`"
# By whose git is wired: what git reads before our include, so that another installation resets it.
_BEFORE_OURS: Final = {"user": {"system", "global"}, "system": {"system"}}


def check_config(patient: Patient) -> Iterator[Finding]:
    """Git is there, can read its config, and has a file of this user's."""
    try:
        user_config(patient.env)
    except GitleaseError as error:
        yield Finding.of("git-config-hidden", error)
    try:
        _ = patient.git.entries
    except BrokenConfigError as error:
        yield Finding.of("git-config-broken", error)
    except GitleaseError as error:
        yield Finding.of("git-missing", error)


def check_age(patient: Patient) -> Iterator[Finding]:
    """Git is new enough to come back after a refusal, and to know that a token expires."""
    version = ".".join(map(str, patient.git.version))
    if patient.git.version < (2, 40):
        cause = f"git {version} knows of no expiry, and a command whose token is refused fails once"
    elif patient.git.version < (2, 46):
        cause = f"git {version} fails once when a token is refused; the next command has a new one"
    else:
        return
    yield Finding("git-old", cause, "nothing has to be done; git 2.46 or later recovers by itself")


def check_order(patient: Patient) -> Iterator[Finding]:
    """Git asks our helper and no other."""
    host = patient.settings.host
    asked: list[Entry] = []
    cleared: Entry | None = None
    was_there = False
    for entry in _helpers(patient.git, host):
        if entry.value:
            asked.append(entry)
        elif asked:
            was_there |= _has_ours(patient.settings, asked)
            asked, cleared = [], entry
    if not _has_ours(patient.settings, asked):
        yield _not_asked(patient, cleared if was_there else None, asked)
        return
    if why := why_outdated(patient.settings):
        yield Finding("config-outdated", why, _AGAIN)
    ours = [is_ours(patient.settings, one) for one in asked].index(True)
    for number, entry in enumerate(asked):
        if not is_ours(patient.settings, entry):
            when = "asked before ours and told" if number < ours else "told"
            cause = f"{_called(entry)} in {entry.place} is {when} our tokens for {host}"
            yield Finding("helper-foreign", cause, _cure(patient, entry, entry.removal))


def asks_us(settings: Settings, git: Git) -> bool:
    """Tell whether *git* asks a helper of ours; raise `GitleaseError` if it cannot be known."""
    asked: list[Entry] = []
    for entry in _helpers(git, settings.host):
        asked = [*asked, entry] if entry.value else []
    return _has_ours(settings, asked)


def is_ours(settings: Settings, entry: Entry) -> bool:
    """Tell whether *entry* names the installed helper, or our script for older images."""
    try:
        if shlex.split(entry.value) in ([str(settings.helper)], [str(program(settings))]):
            return True
    except ValueError:
        return False
    return is_older_line(settings, entry.value)


def _has_ours(settings: Settings, asked: list[Entry]) -> bool:
    return any(is_ours(settings, one) for one in asked)


def _helpers(git: Git, host: str) -> Iterator[Entry]:
    return (entry for entry in git.about("credential", host) if entry.name == "helper")


def _not_asked(patient: Patient, cleared: Entry | None, instead: list[Entry]) -> Finding:
    host = patient.settings.host
    who = f", and {_called(instead[0])} is asked instead" if instead else ""
    if cleared is not None:
        cause = f"{cleared.place} takes our helper for {host} away again{who}"
        return Finding("helper-not-asked", cause, _cure(patient, cleared, cleared.removal_of_all))
    hidden = _hidden_include(patient)
    if hidden:
        cause = f"our helper is configured in {hidden}, and GIT_CONFIG_NOSYSTEM keeps git from it"
        return Finding("git-config-hidden", cause, "unset GIT_CONFIG_NOSYSTEM")
    where = ""
    if patient.env.get("GIT_CONFIG_GLOBAL"):
        where = f" (GIT_CONFIG_GLOBAL makes it read {patient.env['GIT_CONFIG_GLOBAL']})"
    cure = _AGAIN
    if patient.settings.scope == "env" and not any(
        calls_script(patient.settings, one.value) for one in instead
    ):
        cure = 'eval "$(gitlease env)"'
    return Finding("helper-not-asked", f"git does not ask our helper for {host}{where}{who}", cure)


def _hidden_include(patient: Patient) -> Path | None:
    """Return the system's config file if it names us and git is told not to read it."""
    if patient.env.get("GIT_CONFIG_NOSYSTEM", "0").lower() in {"", "0", "false", "no", "off"}:
        return None
    path = Path(patient.env.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig")
    try:
        text = files.read_regular(path).decode("utf-8", "surrogateescape")
    except OSError:
        return None
    return path if has_include(text, own_file(patient.settings)) else None


def _called(entry: Entry) -> str:
    """Name a helper without quoting it: it may be a command that holds a password."""
    if entry.value.startswith("!"):
        return "the helper command"
    return f"the helper {printable((entry.value.split() or ['?'])[0], 60)}"


def _cure(patient: Patient, entry: Entry, removal: str) -> str:
    before_ours = _BEFORE_OURS.get(patient.settings.scope, set())
    return _AGAIN if entry.scope in before_ours else removal
