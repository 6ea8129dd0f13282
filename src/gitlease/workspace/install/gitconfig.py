"""
The steps that make git ask our helper, and no other, for our host.

A config file of the user's, or the system's, gets one `include` of a file of our own, and that file
says the rest, so that `gh auth setup-git`, which deletes other helpers from the user's file, does
not find ours.  Source: git-config(1), "FILES".
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable
from gitlease.workspace import files, folders
from gitlease.workspace.install import wiring
from gitlease.workspace.install.configfile import ConfigFile
from gitlease.workspace.install.gitblock import (
    has_include,
    is_new_file,
    with_include,
    without_include,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

FILE: Final = "gitconfig"
_LIMIT: Final = 5.0  # seconds for git to read a file
_FATAL: Final = 128  # how git ends that cannot read its config


class GitConfig:
    """Our include in the config of the user, or with the scope `system` in the system's."""

    name = "git"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env

    def describe(self) -> str:
        """Say what would be done."""
        if self._settings.scope == "env":
            return 'leave git\'s files alone; `eval "$(gitlease env)"` wires git in that shell'
        return f"let {self._path()} include {own_file(self._settings)}"

    def do(self) -> tuple[State, str]:
        """Write our file, and make the include the last thing in theirs."""
        if self._settings.scope == "env":
            return "skipped", 'the scope is env: `eval "$(gitlease env)"` wires git in that shell'
        own, helper = own_file(self._settings), program(self._settings)
        # git will believe it: nobody else may be able to put another in its place.
        folders.check_ours(own.parent)
        if not os.access(helper, os.X_OK):
            # git would ask nobody else and complain at every command.
            return "skipped", f"{helper} is missing or cannot be run"
        wrote = self._write_own()
        path = self._path()
        # That user's git would end at every command: it may not read what root includes.
        whose = Path(os.path.realpath(path)).parent
        if whose.exists():
            folders.check_not_anothers(whose)
        with ConfigFile(path) as config:
            if config.existed:
                _check_readable(path, self._env)
            bare = without_include(config.text)
            made = not config.existed or (not bare and is_new_file(config.text))
            wanted = with_include(bare, own, existed=not made)
            if wanted != config.text:
                config.replace(wanted)
                wrote = True
        return ("done" if wrote else "already"), f"{path} includes {own}"

    def undo(self) -> tuple[State, str]:
        """Take the include out; their file is as it was, and gone if it was not there."""
        if self._settings.scope == "env":
            return "already", "the scope is env: no file of git's was changed"
        if self._settings.scope != "system":
            folders.check_owner(self._settings.home)
        path = self._path()
        found = False
        if path.exists():
            with ConfigFile(path) as config:
                bare = without_include(config.text)
                found = bare != config.text
                if found and not bare and is_new_file(config.text):
                    config.remove()
                elif found:
                    config.replace(bare)
        own_file(self._settings).unlink(missing_ok=True)
        return ("done" if found else "already"), f"{path} does not include us"

    def _path(self) -> Path:
        if self._settings.scope == "system":
            return system_config(self._env)
        return user_config(self._env)

    def _write_own(self) -> bool:
        own = own_file(self._settings)
        text = wiring.file_text(self._settings, program(self._settings)).encode()
        with contextlib.suppress(OSError):
            if files.read_regular(own) == text:
                return False
        folders.write_whole(own, text, mode=wiring.mode(self._settings))
        return True


def _check_readable(path: Path, env: Mapping[str, str]) -> None:
    """Raise `GitleaseError` if git is there and cannot read *path*: a line more mends nothing."""
    import subprocess  # noqa: PLC0415 - a probe looks at git's config without it

    command = ["git", "config", "--file", str(path), "--list"]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        ran = subprocess.run(
            command,
            env={**env, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT,
            check=False,
        )
        if ran.returncode == _FATAL:
            why = ran.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            raise GitleaseError(
                f"git cannot read {path}, and so does nothing at all ({printable(why, 200)})",
                hint="mend that file and install again",
            )


def own_file(settings: Settings) -> Path:
    """Return where our own config file is."""
    return wiring.folder(settings) / FILE


def program(settings: Settings) -> Path:
    """Return the helper that git is to run."""
    return settings.system_helper if settings.scope == "system" else settings.helper


def why_not_asked(settings: Settings, env: Mapping[str, str]) -> str:
    """Return in words why git does not know of our helper, or ""."""
    wanted = wiring.file_text(settings, program(settings)).encode()
    try:
        if settings.scope == "env":
            if not wiring.variables(settings, env):
                return ""
            return 'git is not told of our helper in this environment; `eval "$(gitlease env)"`'
        path = system_config(env) if settings.scope == "system" else user_config(env)
        own = own_file(settings)
        text = files.read_regular(path).decode("utf-8", "surrogateescape")
        if files.read_regular(own) == wanted and has_include(text, own):
            return ""
    except GitleaseError as error:
        return str(error)
    except OSError:
        pass
    return f"git does not ask our helper for {settings.host}; run `gitlease install`"


def user_config(env: Mapping[str, str]) -> Path:
    """
    Return the file that `git config --global` writes, git-config(1), "FILES".

    Raises `GitleaseError` where git has none.
    """
    named = env.get("GIT_CONFIG_GLOBAL")
    if named:
        return Path(named)
    if named is not None:
        raise GitleaseError(
            "GIT_CONFIG_GLOBAL is empty, so git reads no config file of this user",
            hint="unset GIT_CONFIG_GLOBAL, or set it to a file",
        )
    if not env.get("HOME"):
        # Unlike us, git never asks the password database.
        raise GitleaseError(
            "HOME is not set, so git has no config file of this user",
            hint="set HOME or GIT_CONFIG_GLOBAL, or install with --scope env",
        )
    home = Path(env["HOME"])
    plain = home / ".gitconfig"
    xdg = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config"
    return xdg if folders.is_there(xdg) and not folders.is_there(plain) else plain


def system_config(env: Mapping[str, str]) -> Path:
    """
    Return the file that `git config --system` writes.

    Raises `GitleaseError` where git is told to read none.
    """
    if env.get("GIT_CONFIG_NOSYSTEM", "").lower() in {"1", "true", "yes", "on"}:
        raise GitleaseError(
            "GIT_CONFIG_NOSYSTEM is set, so git reads no config file of the system",
            hint="unset it, or install without --scope system",
        )
    return Path(env.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig")
