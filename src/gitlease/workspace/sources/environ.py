"""
The token that the container was started with, while it can still be alive.

It is the last resort, never stored, and never one that GitHub refused before: a workspace that
falls back to a dead token only moves its failure to a later place.
"""

from __future__ import annotations

import base64
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.github.protocol import LIFETIME
from gitlease.model.errors import SourceError
from gitlease.model.redaction import printable
from gitlease.model.tokens import LAST_SECONDS, Secret, Token, fingerprint
from gitlease.workspace import clocks
from gitlease.workspace.sources import VARIABLES, Fetched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlease.model.targets import Target
    from gitlease.workspace.cache import Cache
    from gitlease.workspace.clocks import Moment
    from gitlease.workspace.settings import Settings

_UNKNOWN: Final = "may be over an hour old: the process that brought it cannot be looked into"


class Environ:
    """Takes GITHUB_TOKEN, then GH_TOKEN, from the environment *env*."""

    name = "environment"

    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        cache: Cache,
        now: Callable[[], float],
        *,
        read_clock: Callable[[], Moment] = clocks.read,
        proc: Path = Path("/proc"),
    ) -> None:
        self._settings = settings
        self._env = env
        self._cache = cache
        self._now = now
        self._read_clock = read_clock
        self._proc = proc

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        """Return the first variable's token that can still be alive; None if none is set."""
        del min_ttl  # as the last resort, a short life is better than none
        reasons = []
        for variable in VARIABLES:
            value = self._env.get(variable, "")
            if not value:
                continue
            judged = self._judge(variable, value, target)
            if isinstance(judged, Token):
                return Fetched(judged, None)
            reasons.append(f"{variable} {judged}")
        if not reasons:
            return None
        raise SourceError(", ".join(reasons), hint="unset it, or start with a fresh one")

    def _judge(self, variable: str, value: str, target: Target) -> Token | str:
        """Return the token, or in words why it is none."""
        why = self._unfit(value, target)
        if why:
            return why
        now = self._now()
        if not value.startswith("ghs_"):
            return Token(Secret(value), None, now, source=variable)
        expires, certain = _stateless_expiry(value), True
        if expires is None:
            age = oldest_holder(self._proc, variable, value, self._read_clock().boot)
            if age is None:
                return _UNKNOWN
            expires, certain = now - age.seconds + LIFETIME, age.certain
        expires = min(expires, now + LIFETIME)
        if expires - now < LAST_SECONDS:
            return "has expired" if certain else _UNKNOWN
        return Token(Secret(value), expires, now, source=variable)

    def _unfit(self, value: str, target: Target) -> str:
        """Return in words why *value* may not go to *target*, or ""."""
        server = self._env.get("GITHUB_SERVER_URL", "https://github.com")
        if not (value.isascii() and value.isprintable()) or " " in value:
            return "is no token"
        if server.removeprefix("https://").rstrip("/").lower() != target.host:
            return f"is for {printable(server)}, not for {target.host}"
        if self._settings.granularity == "repository" or self._settings.permissions:
            return "may reach more than `granularity` or `permissions` allows"
        if self._cache.is_rejected(fingerprint(value)):
            return "was refused by GitHub before"
        return ""


def _stateless_expiry(value: str) -> float | None:
    """Return the `exp` inside a token of the form `ghs_<app>_<JWT>`, or None."""
    parts = value.split("_", 2)[-1].split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires = float(claims["exp"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return expires if math.isfinite(expires) else None


@dataclass(frozen=True, slots=True)
class Age:
    """How many seconds old something is: just so if `certain`, otherwise at the most."""

    seconds: float
    certain: bool


@dataclass(frozen=True, slots=True)
class _Process:
    """One row of the family: `parent` is 0 for a process that came from outside the container."""

    pid: int
    parent: int
    session: int
    age: float


def oldest_holder(proc: Path, variable: str, value: str, boot: float) -> Age | None:
    """
    Return the age of the process that brought *variable*=*value*.

    It walks from us to our parents while they hold the same value, or may hold it; *boot* is now,
    in seconds since boot (not from /proc/uptime, which may be the container's: lxcfs).  Who brought
    it may have exited, so that its child has been handed to process 1 or to a subreaper (prctl(2),
    PR_SET_CHILD_SUBREAPER): all that is known then is that it was younger than that one.  None
    where *proc* (the folder /proc) does not tell.
    """
    wanted = f"{variable}={value}".encode()
    certain = True
    child = _look_at(proc, os.getpid(), boot)
    while child is not None and child.pid != 1:
        # What was started from outside the container has no parent here, but it has the
        # environment of the container's first process.
        parent = _look_at(proc, child.parent or 1, boot)
        if parent is None:
            return None
        holds = _holds(proc, parent.pid, wanted)
        if holds is False:
            if child.parent == 0 or _has_started(parent, child):
                return Age(child.age, certain)
            return Age(parent.age, certain=False)
        certain = certain and holds is True
        child = parent
    return None if child is None else Age(child.age, certain)


def _has_started(parent: _Process, child: _Process) -> bool:
    """Tell whether *parent* is no mere reaper: a session of its own is how most orphans differ."""
    return parent.pid != 1 and parent.session == child.session


def _look_at(proc: Path, pid: int, boot: float) -> _Process | None:
    try:
        text = (proc / str(pid) / "stat").read_text("utf-8", "replace")
        # After the name, which may hold anything: state, parent, group, session, …, start in
        # ticks; proc(5).
        words = text.rpartition(")")[2].split()
        parent, session, started = (int(words[n]) for n in (1, 3, 19))
    except (OSError, ValueError, IndexError):
        return None
    age = boot - started / os.sysconf("SC_CLK_TCK")
    # From the future: the two clocks are not one, nothing is known.
    return None if age < -2 else _Process(pid, parent, session, age)


def _holds(proc: Path, pid: int, wanted: bytes) -> bool | None:
    """Tell whether *pid* was started with *wanted*; None if we may not look."""
    try:
        return wanted in (proc / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
