"""The real gh, found behind our shim, and what it says and does about a login."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable
from gitlease.workspace import folders
from gitlease.workspace.gh import variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.model.tokens import Secret
    from gitlease.workspace.settings import Settings

# In the first two lines of our shim; no gh is a shell script that says so.
MARK: Final = b"#!/bin/sh\n# gitlease's gh:"
# What no person has started reports to nobody, and looks for no newer gh.  `gh help environment`.
_QUIET: Final = {"GH_NO_UPDATE_NOTIFIER": "1", "GH_TELEMETRY": "false"}
LIMIT: Final = 15.0  # seconds; gh asks GitHub once or twice


def find(env: Mapping[str, str]) -> str | None:
    """Return the path of the first gh on *env*'s PATH that is not our shim, or None."""
    for folder in env.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder) / "gh"
        runs = folder.startswith("/") and folders.is_file(path) and os.access(path, os.X_OK)
        if runs and not is_shim(path):
            return str(path)
    return None


class Program:
    """The gh at *path*, run with the environment *env* about our host."""

    def __init__(self, path: str, settings: Settings, env: Mapping[str, str]) -> None:
        self._path = path
        self._host = settings.host
        # With one of them set, `gh auth login` refuses and `gh auth token` tells another token.
        kept = {name: value for name, value in env.items() if name not in variables.ALL}
        self._env = kept | _QUIET

    def token(self) -> str:
        """Return the token that gh uses for our host, "" if none; raise `GitleaseError`."""
        ran = self._run("auth", "token", "--hostname", self._host)
        return ran.stdout.strip() if ran.returncode == 0 else ""

    def log_in(self, token: Secret) -> None:
        """Let gh itself log in with *token*; raise `GitleaseError` if it does not."""
        words = ("auth", "login", "--hostname", self._host, "--with-token")
        # On an empty input gh would wait for a person before a browser.
        secret = token.reveal()
        ran = self._run(*words, "--insecure-storage", data=secret)
        if ran.returncode and "unknown flag" in ran.stderr:  # before gh 2.26
            ran = self._run(*words, data=secret)
        if ran.returncode and "invalid config file" in ran.stderr:
            raise GitleaseError(
                f"gh cannot read its own files, and so does nothing at all: {_told(ran.stderr)}",
                hint="correct that file or remove it; we log in again by ourselves",
            )
        if ran.returncode:
            raise GitleaseError(
                f"gh does not log in to {self._host}: {_told(ran.stderr)}",
                hint=f"run `gh auth status --hostname {self._host}`",
            )

    def _run(self, *words: str, data: str = "") -> subprocess.CompletedProcess[str]:
        command = [self._path, *words]
        try:
            return subprocess.run(
                command,
                input=data,
                capture_output=True,
                text=True,
                errors="replace",
                env=self._env,
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            why = f"did not end within {LIMIT:.0f} s"
        except OSError as error:
            why = f"cannot be started: {error.strerror}"
        # `from None`: the error of a time-out holds what was handed over.
        raise GitleaseError(f"{self._path} {why}", hint="reinstall gh") from None


def _told(stderr: str) -> str:
    return printable(stderr.strip().partition("\n")[0], 200)


def is_shim(path: Path) -> bool:
    """Tell whether *path* is our shim, or that of another home."""
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK
    except OSError:
        return False
