"""A workspace in a temporary home, installed by `gitlease install` as a user's is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import load
from tools.bench.program import Program, no_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# What git 2.47 sends to a server that has asked for a password.
REQUEST = (
    b"capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=github.com\n"
    b'path=acme/app.git\nwwwauth[]=Basic realm="GitHub"\n\n'
)
RECORD = "github.com~acme"
LONG, SHORT = 520, 40  # characters: GitHub's tokens since 2026, and those of GHES


def secret_of(length: int) -> str:
    """Return what looks like a token of *length* characters."""
    return "ghs_" + "A" * (length - 4)


def stored(secret: str) -> bytes:
    """Return what git says to `store` once the password *secret* has served."""
    return REQUEST[:-1] + f"username=x-access-token\npassword={secret}\n\n".encode()


def with_password(secret: str) -> Callable[[bytes], bool]:
    """Return a judge that accepts an answer with the password *secret*."""
    line = f"\npassword={secret}\n".encode()
    return lambda reply: line in b"\n" + reply


def with_any_token(reply: bytes) -> bool:
    """Accept a *reply* that holds some installation token."""
    return b"\npassword=ghs_" in b"\n" + reply


class Workspace:
    """A home in *folder*, with settings from the variables *told*."""

    def __init__(self, folder: Path, told: Mapping[str, str] | None = None) -> None:
        folder.mkdir()
        self._env = {
            "HOME": str(folder),
            "GIT_CONFIG_GLOBAL": str(folder / ".gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        told = {**self._env, **(told or {})}
        subprocess.run(
            [sys.executable, "-m", "gitlease", "install", "--offline", "--strict"],
            check=True,
            env={"PATH": os.defpath, **told},
            stdout=subprocess.DEVNULL,
        )
        self.settings = load(told)
        self.cache = Cache(self.settings)

    def put(self, length: int) -> str:
        """Put a token of *length* characters for all of acme into the cache; return it."""
        secret, now = secret_of(length), time.time()
        token = Token(Secret(secret), now + 3600, now, source="bench")
        self.cache.put(RECORD, token, clocks.read(), for_all=True)
        return secret

    def fill(self, records: int) -> None:
        """Fill the cache up to *records*, with copies for other owners."""
        made = self.cache.folder / RECORD
        for number in range(records - 1):
            copy = made.with_name(f"{RECORD}-{number}")
            # Copied with its mode and its time, but without an fsync for each.
            shutil.copy2(made, copy)

    def forget(self) -> None:
        """Make the cache cold."""
        self.cache.drop(RECORD)

    def helper(
        self,
        action: str = "get",
        *,
        shell: Sequence[str] = (),
        stdin: bytes = REQUEST,
        accept: Callable[[bytes], bool] = no_answer,
        before: Callable[[], None] | None = None,
    ) -> Program:
        """Return the installed helper, under *shell* or as its first line says."""
        argv = [*shell, str(self.settings.helper), action]
        return Program(argv, stdin, self._env, accept, before)

    def through_git(
        self,
        action: str,
        *,
        stdin: bytes = REQUEST,
        accept: Callable[[bytes], bool] = no_answer,
    ) -> Program:
        """Return `git credential` with *action*, which starts the installed helper."""
        git = shutil.which("git", path=os.defpath) or "/usr/bin/git"
        return Program([git, "credential", action], stdin, self._env, accept)

    def miss_path(self, accept: Callable[[bytes], bool], *options: str) -> Program:
        """Return the program that the helper starts on a miss, Python given *options* too."""
        main = sys.modules["gitlease"].__path__[0] + "/__main__.py"
        argv = [sys.executable, "-I", "-S", *options, main, "credential", "get"]
        home = {"GITLEASE_HOME": str(self.settings.home)}
        return Program(argv, REQUEST, self._env | home, accept)
