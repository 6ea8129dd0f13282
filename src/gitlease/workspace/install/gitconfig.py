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
from gitlease.workspace.install import traces, wiring
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
        self._spare_git(own)
        # git will believe it: nobody else may be able to put another in its place.
        folders.check_ours(own.parent)
        if not os.access(helper, os.X_OK):
            # git would ask nobody else and complain at every command.
            return "skipped", f"{helper} is missing or cannot be run"
        wrote = self._write_own()
        path = self._path()
        real = Path(os.path.realpath(path))
        # That user's git would end at every command: it may not read what root includes.
        if folders.is_there(real.parent):
            folders.check_not_anothers(real.parent)
        traces.leave(self._settings, self.name, real, str(own))
        with ConfigFile(path) as config:
            bare = without_include(config.text)
            if config.existed:
                _check_readable(real, self._env, None if bare == config.text else bare)
            made = not config.existed or (not bare and is_new_file(config.text))
            wanted = with_include(bare, own, existed=not made)
            if wanted != config.text:
                config.replace(wanted)
                wrote = True
        return ("done" if wrote else "already"), f"{path} includes {own}"

    def _spare_git(self, own: Path) -> None:
        """Take our include out if git may not read *own*: it would stop at every command."""
        try:
            with files.open_regular(own):
                return
        except PermissionError:
            _take_out(self._path(), own)
        except OSError:
            pass

    def undo(self) -> tuple[State, str]:
        """Take the include out wherever it is; a file is as it was, or gone as it was."""
        places = [(Path(place), Path(own)) for place, own in traces.left(self._settings, self.name)]
        if self._settings.scope != "env" and not places:
            places = [(self._path(), own_file(self._settings))]
        if not places:
            return "already", "the scope is env: no file of git's was changed"
        if self._settings.scope != "system":
            folders.check_owner(self._settings.home)
        found, failures = [], []
        for path, own in places:
            try:
                if _take_out(path, own):
                    found.append(path)
                own.unlink(missing_ok=True)
            except (GitleaseError, OSError) as error:
                failures.append(error)
        if failures:
            raise failures[0]
        where = ", ".join(str(path) for path in found or [path for path, _ in places])
        return ("done" if found else "already"), f"{where} does not include us"

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


def _take_out(path: Path, own: Path) -> bool:
    """Take our include of *own* out of the config file *path*; return whether it was there."""
    if not folders.is_there(path):
        return False
    with ConfigFile(path) as config:
        # That of another home is not ours to take.
        if not has_include(config.text, own):
            return False
        bare = without_include(config.text)
        if not bare and is_new_file(config.text):
            config.remove()
        else:
            config.replace(bare)
    return True


def _check_readable(path: Path, env: Mapping[str, str], bare: str | None) -> None:
    """
    Raise `GitleaseError` if git is there and cannot read *path*: a line more mends nothing.

    *bare* is its text without our lines, None if it has none.
    """
    why = _complaint(["--file", str(path)], env)
    if why and bare is not None:
        # It may be at our old lines that git stumbles, and those go.
        nothing = {name: env[name] for name in ("PATH",) if name in env}
        data = bare.encode("utf-8", "surrogateescape")
        why = _complaint(["--file", "-"], {**nothing, "GIT_CONFIG_NOSYSTEM": "1"}, data)
    if why:
        raise GitleaseError(
            f"git cannot read {path}, and so does nothing at all ({why})",
            hint="mend that file and install again",
        )


def _complaint(words: list[str], env: Mapping[str, str], data: bytes = b"") -> str:
    """Return what git says of the config that *words* name if it cannot read it, or ""."""
    import subprocess  # noqa: PLC0415 - a probe looks at git's config without it

    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        ran = subprocess.run(
            ["git", "config", *words, "--list"],
            cwd="/",
            env={**env, "LC_ALL": "C"},
            input=data,
            capture_output=True,
            timeout=_LIMIT,
            check=False,
        )
        if ran.returncode == _FATAL:
            why = ran.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            return printable(why, 200) or "it does not say why"
    return ""


def own_file(settings: Settings) -> Path:
    """Return where our own config file is."""
    return wiring.folder(settings) / FILE


def program(settings: Settings) -> Path:
    """Return the helper that git is to run."""
    return settings.system_helper if settings.scope == "system" else settings.helper


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
