"""The checks in their order, and what they found together."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.workspace.doctor import (
    helpers,
    network,
    overrides,
    places,
    programs,
    refreshing,
    remotes,
    tokens,
)
from gitlease.workspace.doctor.findings import Diagnosis
from gitlease.workspace.doctor.git import Git
from gitlease.workspace.doctor.patient import LIMIT, Patient, Witness
from gitlease.workspace.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gitlease.workspace.doctor.findings import Finding
    from gitlease.workspace.settings import Settings

# From the ground up: a cause stands before what follows from it.
CHECKS: Final[tuple[Callable[[Patient], Iterator[Finding]], ...]] = (
    places.check_settings,
    places.check_folders,
    programs.check_helper,
    programs.check_programs,
    helpers.check_config,
    helpers.check_age,
    places.check_lock,
    remotes.check_owner,
    helpers.check_order,
    overrides.check_credential,
    overrides.check_headers,
    overrides.check_netrc,
    overrides.check_rewrites,
    remotes.check_remotes,
    places.check_records,
    tokens.check_sources,
    network.check_broker,
    network.check_app,
    # After those whose servers told the time.
    network.check_clock,
    network.check_git_way,
    tokens.check_gh_token,
    tokens.check_gh_login,
    refreshing.check_refresher,
    tokens.check_failures,
)


def examine(settings: Settings, env: Mapping[str, str], folder: Path) -> Diagnosis:
    """
    Look for all that is wrong with the workspace, as a git started in *folder* would meet it.

    Changes nothing here; the broker or GitHub is asked who we are to it.
    """
    carrier = Transport(env, ca_file=settings.ca_file, allow_http=settings.allow_http, limit=LIMIT)
    patient = Patient(settings, env, folder, Git(env, folder), Witness(carrier))
    found: list[Finding] = []
    for check in CHECKS:
        # Without a git, or a config that it can read, several cannot look; one names it.
        with suppress(GitleaseError):
            found.extend(check(patient))
    return Diagnosis(f"{settings.who} at {settings.host}", tuple(found))
