"""A token of the environment, and the processes that may have brought it, as /proc shows them."""

import base64
import json
import os
from pathlib import Path
from typing import Any

from gitlease.model.targets import Target
from gitlease.workspace.cache import Cache
from gitlease.workspace.sources import Fetched
from gitlease.workspace.sources.environ import Environ
from tests.support.parts import APP, Clock, settings

CLASSIC = "ghs_" + "c" * 36
TICKS = os.sysconf("SC_CLK_TCK")


class Processes:
    """A folder like /proc, with processes that tests start at a boot time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, pid: int, parent: int, at: float, *, session: int = 0, **environ: str) -> None:
        """Start process *pid*, a child of *parent*, at the boot time *at* with *environ*."""
        entry = self.folder / str(pid)
        entry.mkdir(exist_ok=True)
        fields = ["S", str(parent), "0", str(session), *["0"] * 15, str(int(at * TICKS)), "0"]
        (entry / "stat").write_text(f"{pid} (a) b) {' '.join(fields)}\n")
        text = "\0".join(["PATH=/bin", *(f"{name}={value}" for name, value in environ.items()), ""])
        (entry / "environ").write_text(text)


def fetch(
    home: Path, clock: Clock, env: dict[str, str], target: Target = APP, **changes: Any
) -> Fetched | None:
    """Return what the environment *env* gives for *target*."""
    mine = settings(home, **changes)
    source = Environ(mine, env, Cache(mine), clock.wall, read_clock=clock, proc=home / "proc")
    return source.fetch(target, 600)


def expiry(home: Path, clock: Clock, token: str = CLASSIC) -> float | None:
    """Return the expiry, from now, of *token* in GH_TOKEN."""
    fetched = fetch(home, clock, {"GH_TOKEN": token})
    assert fetched is not None
    assert fetched.token.secret.reveal() == token
    expires = fetched.token.expires_at
    return None if expires is None else expires - clock.wall()


def stateless(**claims: Any) -> str:
    """Return a token that says *claims* of itself."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"ghs_123_eyJhbGciOiJ9.{body}.c2ln_bmF0-dXJl"
