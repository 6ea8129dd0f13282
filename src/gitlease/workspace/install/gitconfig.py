"""
The step that makes git ask our helper, and no other, for our host.

The user's config gets one `include` of a file of our own, and that file says the rest, so that
`gh auth setup-git`, which deletes other helpers from the user's file, does not find ours.  The
include has to stand last: helpers that are configured after it would be told every token (`store`
goes to all of them).  Source: git-config(1), gitcredentials(7).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlease.model.errors import GitleaseError
from gitlease.workspace import folders
from gitlease.workspace.install.configfile import ConfigFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlease.workspace.install.report import State
    from gitlease.workspace.settings import Settings

_BEGIN: Final = "# gitlease begin"
_END: Final = "# gitlease end"
_BLOCK: Final = re.compile(
    rf"{_BEGIN}(?P<how>[^\n]*)\n\[include\]\n\tpath = [^\n]*\n"
    rf"(?P<others>(?:(?!{_BEGIN}).)*?){_END}(?:\n|\Z)",
    re.DOTALL,
)


class GitConfig:
    """Our include in the user's git config, and the file that it names."""

    name = "git"

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self._own = settings.home / "gitconfig"

    def do(self) -> tuple[State, str]:
        """Write our file, and make the include the last thing in the user's."""
        # git will believe it: nobody else may be able to put another in its place.
        folders.check_ours(self._settings.home)
        if not os.access(self._settings.helper, os.X_OK):
            # git would ask nobody else and complain at every command.
            return "skipped", f"{self._settings.helper} is missing or cannot be run"
        wrote = self._write_own()
        path = user_config(self._env)
        with ConfigFile(path) as config:
            bare = without_include(config.text)
            made = not config.existed or (not bare and is_new_file(config.text))
            wanted = with_include(bare, self._own, existed=not made)
            if wanted != config.text:
                config.replace(wanted)
                wrote = True
        return ("done" if wrote else "already"), f"{path} includes {self._own}"

    def undo(self) -> tuple[State, str]:
        """Take the include out; the user's file is as it was, and gone if it was not there."""
        path = user_config(self._env)
        found = False
        if path.exists():
            with ConfigFile(path) as config:
                bare = without_include(config.text)
                found = bare != config.text
                if found and not bare and is_new_file(config.text):
                    config.remove()
                elif found:
                    config.replace(bare)
        self._own.unlink(missing_ok=True)
        return ("done" if found else "already"), f"{path} does not include us"

    def _write_own(self) -> bool:
        text = own_config(self._settings).encode()
        if self._own.exists() and self._own.read_bytes() == text:
            return False
        folders.write_whole(self._own, text)
        return True


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
            hint="set HOME or GIT_CONFIG_GLOBAL",
        )
    home = Path(env["HOME"])
    plain = home / ".gitconfig"
    xdg = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config"
    return xdg if xdg.exists() and not plain.exists() else plain


def own_config(settings: Settings) -> str:
    """Return the text of our own config file."""
    # An empty value clears the helpers configured so far; the path is read by a shell.
    helper = re.sub(r"([^A-Za-z0-9_./@%+,:-])", r"\\\1", str(settings.helper))
    return (
        "# Written by `gitlease install`; changes are lost at the next one.\n"
        f"[credential {_quoted(f'https://{settings.host}')}]\n"
        "\thelper =\n"
        f"\thelper = {_quoted(helper)}\n"
        "\tuseHttpPath = true\n"
    )


def with_include(text: str, own: Path, *, existed: bool) -> str:
    """Return *text* with our include as its last lines; how to undo it stands in its first."""
    how = "" if existed else " (new file)"
    gap = ""
    if text and not text.endswith("\n"):
        how, gap = " (no line end before)", "\n"
    return f"{text}{gap}{_BEGIN}{how}\n{_include(own)}{_END}\n"


def has_include(text: str, own: Path) -> bool:
    """Tell whether our include of *own* is in *text*."""
    return without_include(text) != text and _include(own) in text


def _include(own: Path) -> str:
    return f"[include]\n\tpath = {_quoted(str(own))}\n"


def is_new_file(text: str) -> bool:
    """Tell whether our include in *text* says that there was no file before."""
    return any("new file" in found["how"] for found in _BLOCK.finditer(text))


def without_include(text: str) -> str:
    """Return *text* without our include; lines that others put into its section stay."""

    def _rest(found: re.Match[str]) -> str:
        others = found["others"]
        return f"[include]\n{others}" if others.strip() else ""

    for found in reversed(list(_BLOCK.finditer(text))):
        head, tail = text[: found.start()], text[found.end() :]
        if "no line end" in found["how"] and not tail:
            head = head.removesuffix("\n")
        text = head + _rest(found) + tail
    return text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
