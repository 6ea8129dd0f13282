"""Take our login back: gh's files are what they were before it, but for what came since."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.model.errors import GitleaseError
from gitlease.workspace.gh import block_yaml, former, hosts, settled
from gitlease.workspace.gh.block_yaml import UnreadableError
from gitlease.workspace.gh.place import CONFIG, HOSTS, PATIENCE, folder
from gitlease.workspace.locks import held

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.gh.former import Former
    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings


def log_out(settings: Settings, env: Mapping[str, str]) -> tuple[State, str]:
    """Put back what was there before, wherever we logged in; what others changed stays."""
    kept = list(former.all_kept(settings))
    if not kept:
        return "already", f"{folder(env)} has no login of ours"
    with held(settings.home / "run" / "gh.lock", limit=PATIENCE):
        for before in kept:
            _take_back(before)
            former.forget(settings, before)
    place = ", ".join(before.folder for before in kept)
    return "done", f"{place} has no login of ours"


def _take_back(before: Former) -> None:
    def without_login(text: str | None) -> str | None:
        if text is None or not hosts.login_of(text, before.host).is_an_apps:
            return text
        rest = hosts.without_login(text, before.host, before.block)
        if before.had_hosts:
            return rest
        bare = hosts.with_login(before.hosts or "", before.host, "a[bot]", "ghs_")
        # Nobody added anything: it is the file as it was, or no file at all.
        return before.hosts if rest == hosts.without_login(bare, before.host, None) else rest

    def without_version(text: str | None) -> str | None:
        with contextlib.suppress(UnreadableError):
            if text == block_yaml.with_version(before.config or ""):
                return before.config
        # gh has written it since then, and may need the version for what it wrote.
        return text

    place = Path(before.folder)
    try:
        settled.change(place / HOSTS, without_login)
    except UnreadableError:
        raise GitleaseError(
            f"{place / HOSTS} is not as gh writes it, and so it is left as it is",
            hint=f"run `gh auth logout --hostname {before.host}`",
        ) from None
    if not before.had_version:
        settled.change(place / CONFIG, without_version)
    # Ours go if nobody else has put anything there.
    with contextlib.suppress(OSError):
        for one in (place, *place.parents) if before.made else ():
            if one.is_relative_to(before.made):
                one.rmdir()
