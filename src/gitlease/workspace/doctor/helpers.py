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
from gitlease.workspace.install.gitblock import has_include
from gitlease.workspace.install.gitconfig import own_file, user_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlease.workspace.doctor.git import Entry
    from gitlease.workspace.doctor.patient import Patient

_AGAIN: Final = "run `gitlease install`"
# What a later `gitlease install` reads before its own include, and so resets.
_BEFORE_OURS: Final = {"system", "global"}


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
    for entry in patient.git.about("credential", host):
        if entry.name != "helper":
            continue
        if entry.value:
            asked.append(entry)
        elif asked:
            was_there |= any(is_ours(patient, one) for one in asked)
            asked, cleared = [], entry
    if not any(is_ours(patient, one) for one in asked):
        yield _not_asked(patient, cleared if was_there else None, asked)
        return
    ours = [is_ours(patient, one) for one in asked].index(True)
    for number, entry in enumerate(asked):
        if not is_ours(patient, entry):
            when = "asked before ours and told" if number < ours else "told"
            cause = f"{_called(entry)} in {entry.place} is {when} our tokens for {host}"
            yield Finding("helper-foreign", cause, _cure(entry, entry.removal))


def is_ours(patient: Patient, entry: Entry) -> bool:
    """Tell whether *entry* names the installed helper."""
    try:
        return shlex.split(entry.value) == [str(patient.settings.helper)]
    except ValueError:
        return False


def _not_asked(patient: Patient, cleared: Entry | None, instead: list[Entry]) -> Finding:
    host = patient.settings.host
    who = f", and {_called(instead[0])} is asked instead" if instead else ""
    if cleared is not None:
        cause = f"{cleared.place} takes our helper for {host} away again{who}"
        return Finding("helper-not-asked", cause, _cure(cleared, cleared.removal_of_all))
    hidden = _hidden_include(patient)
    if hidden:
        cause = f"our helper is configured in {hidden}, and GIT_CONFIG_NOSYSTEM keeps git from it"
        return Finding("git-config-hidden", cause, "unset GIT_CONFIG_NOSYSTEM")
    where = ""
    if patient.env.get("GIT_CONFIG_GLOBAL"):
        where = f" (GIT_CONFIG_GLOBAL makes it read {patient.env['GIT_CONFIG_GLOBAL']})"
    return Finding(
        "helper-not-asked", f"git does not ask our helper for {host}{where}{who}", _AGAIN
    )


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


def _cure(entry: Entry, removal: str) -> str:
    return _AGAIN if entry.scope in _BEFORE_OURS else removal
