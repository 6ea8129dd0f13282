"""The installation as a function, for programs that start a workspace themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from gitlease.workspace.install.options import environment
from gitlease.workspace.install.plan import install_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from gitlease.workspace.install.report import Report


def install_credential_helper(
    env: Mapping[str, str] | None = None,
    *,
    scope: Literal["user", "system", "env"] | None = None,
    rewrite_ssh: bool = False,
    identity: bool = False,
    compat: str | PathLike[str] | None = None,
    offline: bool = False,
) -> Report:
    """
    Give this workspace's git and gh valid tokens from now on, as `gitlease install` does.

    *env* is the environment to read settings and HOME from (default: this process's).  *scope*,
    *rewrite_ssh* and *identity* are the settings of that name, which are otherwise left as they
    are; *compat* is a folder that gets the older system's scripts too; *offline* asks nobody and
    starts nothing.  Returns a report with a line for each step; never raises for one that failed,
    nor for a bad setting.  It may be called at every start, and by several processes at once.  It
    waits for about ten seconds at most for each that it asks: the broker for an enrolment, and each
    source that is configured for a token.
    """
    given = os.environ if env is None else env
    wanted = environment(given, scope, rewrite_ssh=rewrite_ssh, identity=identity, compat=compat)
    return install_from(wanted, offline=offline)
