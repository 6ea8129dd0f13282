"""A read-only report on this workspace, for people and for probes."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitlease.model.errors import FolderError, GitleaseError, KeyFileError, NoTokenError
from gitlease.model.redaction import printable
from gitlease.workspace import clocks, files, folders, refresher_state, surroundings
from gitlease.workspace.cache import Cache
from gitlease.workspace.doctor.baked import baked_into, gone
from gitlease.workspace.failures import recent
from gitlease.workspace.gh import staleness
from gitlease.workspace.install.asked import why_not_asked, why_outdated
from gitlease.workspace.sources import BEARER_FILE, Chain
from gitlease.workspace.unsourced import no_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitlease.workspace.refresher_state import RefresherState
    from gitlease.workspace.settings import Settings

HEALTHY, DEGRADED, BROKEN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Status:
    """
    How the workspace is: `level` is the exit code; `problems` each say the cure.

    `records` has a row for each cached token: name, fingerprint, seconds left, source.
    `refresher` is None where none is wanted.
    """

    level: int
    problems: tuple[str, ...]
    records: tuple[dict[str, Any], ...]
    home: str
    host: str
    refresher: RefresherState | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "status": ("healthy", "degraded", "broken")[self.level],
            "problems": list(self.problems),
            "records": list(self.records),
            "home": self.home,
            "host": self.host,
            "refresher": None if self.refresher is None else self.refresher.as_json(),
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
        if self.refresher is not None and self.refresher.pid is not None:
            lines.append(f"  refresher: process {self.refresher.pid or 'unknown'}")
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
        broken.append(_absent(settings) or str(error))
    broken += filter(None, [_no_helper(settings)])
    if why := _not_asked(settings, env):
        # A probe has an environment of its own, and sees nothing of the one that git is wired in;
        # the line of an older image stands in a file.
        by_env = settings.scope == "env" and settings.compat_dir is None
        (degraded if by_env or surroundings.is_wired(settings) else broken).append(why)
    elif why := why_outdated(settings):
        degraded.append(f"{why}; run `gitlease install`")
    for name in cache.names():
        record = cache.read(name)
        if record is None:
            # One of other settings, or that GitHub has refused, waits to be written over.
            if cache.is_torn(name):
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
    degraded += _failures(settings, env, cache, now.wall)
    refresher = refresher_state.read(settings)
    degraded += filter(None, [refresher.problem if refresher else "", _gh(settings, env)])
    serves = any(row["usable"] for row in rows)
    whys, able = _sources(settings, env)
    (degraded if serves or able else broken).extend(whys)
    level = BROKEN if broken else DEGRADED if degraded else HEALTHY
    problems = (*broken, *degraded)
    return Status(level, problems, tuple(rows), str(settings.home), settings.host, refresher)


def _absent(settings: Settings) -> str:
    """Return in words that nobody has installed us here, or ""."""
    for folder in (settings.home, settings.cache):
        try:
            folder.lstat()
        except FileNotFoundError:
            return f"{folder} is missing; run `gitlease install`"
        except OSError:
            break
    return ""


def _no_helper(settings: Settings) -> str:
    """Return in words why git cannot run our helper, or ""."""
    if not folders.is_file(settings.helper):
        return f"{settings.helper} is missing; run `gitlease install`"
    if not os.access(settings.helper, os.X_OK):
        return (
            f"{settings.helper} cannot be run; run `gitlease install`, and set GITLEASE_HOME to "
            "another file system if this one forbids programs (noexec)"
        )
    baked = baked_into(settings.helper)
    lost = gone(baked) if baked.python else None
    if lost is not None:
        return (
            f"the helper starts {lost}, which is gone; install gitlease again and run "
            "`gitlease install`"
        )
    return ""


def _not_asked(settings: Settings, env: Mapping[str, str]) -> str:
    """Return in words why git does not ask us, not even by the line of an older image, or ""."""
    why = why_not_asked(settings, env)
    if why and settings.compat_dir is not None:
        # Starts git, which a probe of any other workspace need not wait for.
        from gitlease.workspace.doctor.git import Git  # noqa: PLC0415
        from gitlease.workspace.doctor.helpers import asks_us  # noqa: PLC0415

        with contextlib.suppress(GitleaseError):
            # Where no repository has a say.
            return "" if asks_us(settings, Git(env, Path("/"))) else why
    return why


def _sources(settings: Settings, env: Mapping[str, str]) -> tuple[list[str], bool]:
    """Return in words why which source can give no token, and whether any other can."""
    whys = [_no_bearer(settings)] if settings.broker_url else []
    whys += [_no_key(settings)] if settings.app_id and settings.private_key_file else []
    able = _has_token(env) or "" in whys
    if not whys and not able:
        whys = [f"{no_source(settings)}; {NoTokenError.hint}"]
    return list(filter(None, whys)), able


def _no_key(settings: Settings) -> str:
    """Return in words why the App's key cannot be read, or ""."""
    try:
        with files.open_regular(Path(settings.private_key_file)) as key:
            key.read(1)
    except OSError as error:
        why = f"cannot be read ({error.strerror}); {KeyFileError.hint}"
        return f"the App's key {settings.private_key_file} {why}"
    return ""


def _no_bearer(settings: Settings) -> str:
    """Return in words why this workspace cannot show the broker who it is, or ""."""
    files = [settings.configs_dir / BEARER_FILE]
    if settings.enrolment_secret_file:
        files.append(Path(settings.enrolment_secret_file))
    if any(os.access(file, os.R_OK) for file in files):
        return ""
    return (
        f"{settings.who} has no bearer for {settings.broker_url} that can be read in {files[0]}; "
        "let the platform write it, or run `gitlease register` with an enrolment secret"
    )


def _has_token(env: Mapping[str, str]) -> bool:
    return bool(env.get("GITHUB_TOKEN") or env.get("GH_TOKEN"))


def _failures(
    settings: Settings, env: Mapping[str, str], cache: Cache, now: float
) -> Iterator[str]:
    """Yield what git was told when it last asked in vain, and nobody has succeeded since."""
    configured = Chain(settings, env, cache, lambda: now).configured
    for name, error in recent(settings, configured, now):
        yield printable(f"no token for {name}: {error}", 600)


def _gh(settings: Settings, env: Mapping[str, str]) -> str:
    """Return in words why gh's login does not serve, or "" (also where it is not ours)."""
    why = staleness.stale(settings, env)
    return f"{why}; run `gitlease install`" if why else ""
