"""A read-only report on this workspace, for people and for probes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitlease.model.errors import FolderError, KeyFileError
from gitlease.workspace import clocks, folders
from gitlease.workspace.cache import Cache
from gitlease.workspace.install.gitconfig import own_config, user_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings

HEALTHY, DEGRADED, BROKEN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Status:
    """
    How the workspace is: `level` is the exit code; `problems` each say the cure.

    `records` has a row for each cached token: name, fingerprint, seconds left, source.
    """

    level: int
    problems: tuple[str, ...]
    records: tuple[dict[str, Any], ...]
    home: str
    host: str

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "status": ("healthy", "degraded", "broken")[self.level],
            "problems": list(self.problems),
            "records": list(self.records),
            "home": self.home,
            "host": self.host,
        }

    def __str__(self) -> str:
        lines = [f"{self.as_json()['status']}: git at {self.host}, records in {self.home}"]
        lines += [f"  problem: {problem}" for problem in self.problems]
        for row in self.records:
            lines.append(
                f"  {row['name']}: {row['fingerprint'][:12]}… lives {row['expires_in']} s more, "
                f"from {row['source']}"
            )
        if not self.records:
            lines.append("  no cached token; the next git command fetches one")
        return "\n".join(lines)


def examine(settings: Settings, env: Mapping[str, str]) -> Status:
    """Look at folders, helper, git's config and records; change nothing, ask nobody."""
    broken: list[str] = []
    degraded: list[str] = [settings.problem] if settings.problem else []
    now = clocks.read()
    cache = Cache(settings)
    rows = []
    try:
        folders.check_private(settings.home)
        folders.check_private(settings.cache)
    except FolderError as error:
        broken.append(str(error))
    if not settings.helper.is_file():
        broken.append(f"{settings.helper} is missing; run `gitlease install`")
    if not _is_included(settings, env):
        broken.append(f"git does not ask our helper for {settings.host}; run `gitlease install`")
    for name in cache.names():
        record = cache.read(name)
        if record is None:
            degraded.append(f"the record {name} cannot be believed; run `gitlease invalidate`")
            continue
        rows.append(
            {
                "name": name,
                "fingerprint": record.token.fingerprint,
                "expires_in": max(0, int(record.left(now))),
                "source": record.token.source,
                "usable": record.usable(now, settings.min_ttl),
            }
        )
    if why := _no_source(settings, env):
        (degraded if any(row["usable"] for row in rows) else broken).append(why)
    level = BROKEN if broken else DEGRADED if degraded else HEALTHY
    return Status(level, (*broken, *degraded), tuple(rows), str(settings.home), settings.host)


def _no_source(settings: Settings, env: Mapping[str, str]) -> str:
    """Return in words why no source can give a token, or ""."""
    if env.get("GITHUB_TOKEN") or env.get("GH_TOKEN"):
        return ""
    if not settings.app_id or not settings.private_key_file:
        return (
            "no source of tokens is configured; set GITLEASE_APP_ID and GITLEASE_PRIVATE_KEY_FILE"
        )
    if not os.access(settings.private_key_file, os.R_OK):
        return f"the App's key {settings.private_key_file} cannot be read; {KeyFileError.hint}"
    return ""


def _is_included(settings: Settings, env: Mapping[str, str]) -> bool:
    own = settings.home / "gitconfig"
    try:
        right = own.read_bytes() == own_config(settings).encode()
        return right and str(own).encode() in user_config(env).read_bytes()
    except OSError:
        return False
