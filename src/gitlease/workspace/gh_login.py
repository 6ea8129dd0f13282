"""
Whether gh is logged in with a token that lives.

Only the two values that decide are read from `hosts.yml`, by their place in it: gh itself writes
the file in a plain form.  A login that is a person's own is none of our business.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.tokens import fingerprint
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings

# `key: value`, each of them bare or quoted, and a comment.
_LINE: Final = (
    r"""(?P<indent>\s*)(["']?)(?P<key>[\w.:-]+)\2:(?:\s+(["']?)(?P<value>.*?)\4)?\s*(?:\s\#.*)?"""
)


def stale(settings: Settings, env: Mapping[str, str]) -> str:
    """Return in words why gh's login does not serve any more, or ""."""
    path = hosts_file(env)
    if path is None:
        return ""
    user, token = _login(path, settings.host)
    if not user.endswith("[bot]") or not token.startswith("ghs_"):
        return ""
    now = clocks.read()
    cache = Cache(settings)
    wanted = fingerprint(token)
    for name in cache.names():
        record = cache.read(name)
        if record is not None and record.token.fingerprint == wanted and record.left(now) > 0:
            return ""
    return f"gh is logged in to {settings.host} with a token that is not one of ours any more"


def hosts_file(env: Mapping[str, str]) -> Path | None:
    """Return where gh keeps its logins (`gh help environment`), or None where nothing tells."""
    if env.get("GH_CONFIG_DIR"):
        return Path(env["GH_CONFIG_DIR"]) / "hosts.yml"
    if env.get("XDG_CONFIG_HOME"):
        return Path(env["XDG_CONFIG_HOME"]) / "gh" / "hosts.yml"
    return Path(env["HOME"]) / ".config" / "gh" / "hosts.yml" if env.get("HOME") else None


def _login(path: Path, host: str) -> tuple[str, str]:
    """Return user and token of *host* in the file, each "" if it is not there."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return "", ""
    found: dict[str, str] = {}
    inside, indent = False, ""
    for line in lines:
        match = re.fullmatch(_LINE, line)
        if match is None:
            # The name of a host that is written in some other way; ours is not.
            inside = inside and line[:1] in {"", " ", "\t", "#"}
            continue
        if not match["indent"]:
            inside, indent = match["key"] == host, ""
        elif inside:
            # Deeper ones are those of its `users`.
            indent = indent or match["indent"]
            if match["indent"] == indent:
                found[match["key"]] = match["value"]
    return found.get("user", ""), found.get("oauth_token", "")
