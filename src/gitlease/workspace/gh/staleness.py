"""Whether gh's login has died; a login that is a person's own is none of our business."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gitlease.model.errors import GitleaseError
from gitlease.model.tokens import fingerprint
from gitlease.workspace import clocks, files
from gitlease.workspace.cache import Cache
from gitlease.workspace.gh import hosts
from gitlease.workspace.gh.block_yaml import UnreadableError
from gitlease.workspace.gh.place import HOSTS, folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.settings import Settings


def stale(settings: Settings, env: Mapping[str, str]) -> str:
    """Return in words why gh's login does not serve any more, or ""; never fails."""
    token = _apps_token(settings, env)
    if not token:
        return ""
    now, cache, wanted = clocks.read(), Cache(settings), fingerprint(token)
    for name in cache.names():
        record = cache.read(name)
        if record is not None and record.token.fingerprint == wanted and record.left(now) > 0:
            return ""
    return f"gh is logged in to {settings.host} with a token that is not one of ours any more"


def _apps_token(settings: Settings, env: Mapping[str, str]) -> str:
    """Return the installation token that gh is logged in with, or ""."""
    with contextlib.suppress(OSError, GitleaseError, UnreadableError):
        text = files.read_regular(folder(env) / HOSTS).decode("utf-8", "replace")
        login = hosts.login_of(text, settings.host)
        if login.user.endswith("[bot]") and login.token.startswith("ghs_"):
            return login.token
    return ""
