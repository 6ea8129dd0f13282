"""What gh will use, and whether anything can give this workspace a token."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.model.counts import counted
from gitlease.model.errors import NoTokenError, SourceError
from gitlease.model.targets import Target
from gitlease.workspace.cache import Cache
from gitlease.workspace.doctor.findings import Finding
from gitlease.workspace.failures import recent
from gitlease.workspace.gh import program, staleness, variables
from gitlease.workspace.sources import Chain
from gitlease.workspace.sources.environ import Environ
from gitlease.workspace.unsourced import missing_half, no_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlease.workspace.doctor.patient import Patient


def check_gh_token(patient: Patient) -> Iterator[Finding]:
    """No variable takes the place of the token that gh is logged in with."""
    gh = shutil.which("gh", path=patient.env.get("PATH"))
    names = variables.meaning(patient.settings.host)
    name = next((name for name in names if patient.env.get(name)), None)
    if gh is None or name is None:
        return
    if not patient.env[name].startswith("ghs_"):
        cause = f"gh uses a person's own token, from {name}, before any login"
        yield Finding("gh-token-own", cause, f"unset {name} if gh is to be the App")
    elif not program.is_shim(Path(gh)):
        cause = f"gh uses the token in {name}, which dies an hour after its mint and is not renewed"
        yield Finding("gh-token-stale", cause, f"unset {name}")


def check_gh_login(patient: Patient) -> Iterator[Finding]:
    """Gh is logged in with a token that lives."""
    why = staleness.stale(patient.settings, patient.env)
    if why:
        yield Finding("gh-login", why, "run `gitlease install`")


def check_sources(patient: Patient) -> Iterator[Finding]:
    """Something is configured that can give tokens for more than an hour."""
    settings = patient.settings
    if settings.broker_url or (settings.app_id and settings.private_key_file):
        return
    environ = Environ(settings, patient.env, Cache(settings), time.time)
    try:
        fetched = environ.fetch(Target(settings.host), 0)
    except SourceError as error:
        yield Finding("source", f"the only source of tokens: {error.message}", NoTokenError.hint)
        return
    if fetched is None:
        yield Finding("source", no_source(settings), NoTokenError.hint)
    elif fetched.token.expires_at is not None:
        left = max(0, fetched.token.expires_at - time.time()) / 60
        more = counted(left, "more minute")
        cause = f"the only source of tokens is {fetched.token.source}, whose token lives {more}"
        yield Finding(
            "source-dies", f"{cause} and is not renewed{missing_half(settings)}", NoTokenError.hint
        )


def check_failures(patient: Patient) -> Iterator[Finding]:
    """Nothing that git asked for in the last hour was refused, and not given since."""
    settings = patient.settings
    sources = Chain(settings, patient.env, Cache(settings), time.time)
    for name, error in recent(settings, sources.configured, time.time()):
        cause = f"no token for {name}: {error.message}"
        yield Finding("failed-lately", cause, error.hint or "run git there again")
