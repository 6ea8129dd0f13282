"""
Rows against two helpers that people keep GitHub's credentials in: Git Credential Manager, and
git-credential-oauth with git's cache before it.

Nobody here reaches GitHub.  GCM answers from its plain-text store.  git-credential-oauth keeps
nothing and opens a browser for each `get`; its manual puts git-credential-cache before it, so what
is compared with is that chain, as git starts it, and the `store` that git has it do nothing for.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from typing import TYPE_CHECKING

from tools import peers
from tools.bench import rivals
from tools.bench.figure import Row
from tools.bench.program import Program
from tools.bench.race import race
from tools.bench.workspace import LONG, REQUEST, Workspace, stored, with_password

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.bench.effort import Effort

GCM = "Git Credential Manager"
CHAIN = "git-credential-cache, -oauth"


def gcm_path() -> Path | None:
    """Return where GCM's program is, if `python -m tools.peers` has installed it."""
    return peers.gcm() if peers.has_gcm() else None


def oauth_path() -> str | None:
    """Return where git-credential-oauth is."""
    return shutil.which(peers.OAUTH, path=os.defpath)


def against_gcm(folder: Path, effort: Effort) -> Iterator[Row]:
    """Race cached answers with Git Credential Manager and its plain-text store."""
    program = gcm_path()
    if program is None:
        return
    folder.mkdir()
    ours = Workspace(folder / "ours")
    secret = ours.put(LONG)
    home = folder / "gcm"
    home.mkdir()
    env = {
        "HOME": str(home),
        "GCM_CREDENTIAL_STORE": "plaintext",
        "GCM_PLAINTEXT_STORE_PATH": str(home / "store"),
        "GCM_INTERACTIVE": "never",
    }
    accept = with_password(secret)
    Program([program, "store"], stored(secret), env).time()
    taken = race(
        {
            "ours": ours.helper(accept=accept),
            "gcm": Program([program, "get"], REQUEST, env, accept),
        },
        effort.heavy,
    )
    yield Row.ratio("cached get", GCM, taken["ours"], taken["gcm"])


def against_oauth(folder: Path, effort: Effort) -> Iterator[Row]:
    """Race what a git command asks of its helpers, with git-credential-oauth behind a cache."""
    oauth = oauth_path()
    if oauth is None:
        return
    folder.mkdir()
    ours = Workspace(folder / "ours")
    secret = ours.put(LONG)
    accept = with_password(secret)
    with rivals.git_cache(folder / "cache", secret) as cache:
        socket = cache.argv[1]
        (folder / ".gitconfig").write_text(
            f'[credential]\n\thelper = "cache {socket} --timeout=3600"\n\thelper = oauth\n'
            "\tuseHttpPath = true\n"
        )
        env = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        by_git = {
            "fill": ours.through_git("fill", accept=accept),
            "approve": ours.through_git("approve", stdin=stored(secret)),
        }
        chain = {name: dataclasses.replace(one, env=env) for name, one in by_git.items()}
        taken = race(
            {
                **by_git,
                "store": ours.helper("store", stdin=stored(secret)),
                "their store": Program([oauth, "store"], stored(secret), env),
                **{f"their {name}": program for name, program in chain.items()},
            },
            effort.heavy,
        )
    for name in chain:
        yield Row.ratio(f"git credential {name}", CHAIN, taken[name], taken[f"their {name}"])
    yield Row.ratio("store", "git-credential-oauth", taken["store"], taken["their store"])
