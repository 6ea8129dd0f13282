"""
The real git, asked what it would do: its whole config in the order of reading, and where it stands.

git itself decides which entries are about a URL; nothing here copies its rules.
"""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitlease.model.errors import GitleaseError
from gitlease.model.redaction import printable, redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT: Final = 10.0  # seconds; nothing here but `reach` leaves the machine
_LIST: Final = ("--show-origin", "-z", "--list")
# How git ends that does not know an option: `--show-scope` came with 2.26.
_USAGE: Final = 129
_OUT_OF_THE_ENVIRONMENT: Final = "unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS"
# One language, no questions, and nothing written "on the way".
_QUIET: Final = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


class BrokenConfigError(GitleaseError):
    """git cannot read its config, and so can do nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of config: `key` is `section.[subsection.]name`, section and name in lower case.

    `file` is None for the environment or a command line; `scope` as git calls it, "" if unknown.
    """

    scope: str
    file: Path | None
    key: str
    value: str = field(repr=False)

    @property
    def section(self) -> str:
        """The part of the key before the first dot."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """The part of the key after the last dot."""
        return self.key.rpartition(".")[2]

    @property
    def subsection(self) -> str:
        """What stands between, "" if nothing."""
        return self.key[len(self.section) + 1 : -len(self.name) - 1]

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return "the environment (GIT_CONFIG_*)" if self.file is None else str(self.file)

    @property
    def removal(self) -> str:
        """What to do so that this line is gone."""
        value = self.value
        if value.startswith("!") or redact(value) != value or not value.isprintable():
            # A cure is printed: it may hold no secret, and has to survive being copied.
            return self.removal_of_all
        return self._unset("--fixed-value", value=value)

    @property
    def removal_of_all(self) -> str:
        """What to do so that no line of this key is left in the file."""
        return self._unset()

    def _unset(self, *options: str, value: str | None = None) -> str:
        if self.file is None:
            return _OUT_OF_THE_ENVIRONMENT
        if redact(self.key) != self.key:
            return f"take the line out of {self.file} with an editor: it holds a secret"
        words = ["git", "config", "--file", str(self.file), *options, "--unset-all", self.key]
        return shlex.join(words if value is None else [*words, value])


class Git:
    """git as processes with the environment *env* meet it in *folder*."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._env = {**env, **_QUIET}
        self._folder = folder
        self._lost: GitleaseError | None = None

    def run(
        self, *words: str, limit: float = LIMIT, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """
        Run git; raise `GitleaseError` if there is none, or if it does not end in time.

        Such a git is not tried again: nobody waits for each check anew.
        """
        if self._lost is not None:
            raise self._lost
        try:
            return subprocess.run(
                ["git", *words],
                env={**self._env, **env},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="surrogateescape",
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self._lost = GitleaseError(
                f"`git {words[0]}` does not end within {limit:g} s", hint="look what it waits for"
            )
        except OSError as error:
            self._lost = GitleaseError(
                f"git cannot be started ({error.strerror})", hint="install git, or correct PATH"
            )
        raise self._lost

    @cached_property
    def version(self) -> tuple[int, int]:
        """Return major and minor version; raise `GitleaseError` if git cannot be started."""
        said = self.run("--version").stdout
        found = re.search(r"(\d+)\.(\d+)", said)
        if found is None:
            raise GitleaseError("the git on PATH tells no version", hint="correct PATH")
        return int(found[1]), int(found[2])

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """
        All config, in the order in which git reads it.

        Raises `BrokenConfigError` if git cannot read it, `GitleaseError` if there is no git.
        """
        ran = self.run("config", "--show-scope", *_LIST)
        if ran.returncode == _USAGE:
            ran = self.run("config", *_LIST)
            return tuple(self._parsed(ran.stdout, scoped=False))
        if ran.returncode:
            why = ran.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
            by_file = "command-line" not in ran.stderr
            raise BrokenConfigError(
                f"git cannot read its config, so every git command fails: {printable(why)}",
                hint="correct that file, or move it away" if by_file else _OUT_OF_THE_ENVIRONMENT,
            )
        return tuple(self._parsed(ran.stdout))

    def _parsed(self, text: str, *, scoped: bool = True) -> Iterator[Entry]:
        words = iter(text.split("\0")[:-1])
        scopes = words if scoped else itertools.repeat("")
        for scope, origin, line in zip(scopes, words, words, strict=False):
            key, _, value = line.partition("\n")
            file = Path(origin[5:]) if origin.startswith("file:") else None
            if file is not None and not file.is_absolute():
                file = self.top / file
            yield Entry(scope, file, key, value)

    @cached_property
    def top(self) -> Path:
        """The folder that git changes into before it reads a repository's config."""
        found = self.run("rev-parse", "--show-toplevel").stdout.removesuffix("\n")
        return Path(found) if found else self._folder

    def about(self, section: str, host: str) -> Iterator[Entry]:
        """Yield the entries `section.*` and `section.<URL>.*` that are about https on *host*."""
        verdicts: dict[str, bool] = {"": True}
        for entry in self.entries:
            if entry.section != section or "." not in entry.key:
                continue
            pattern = entry.subsection
            if pattern not in verdicts:
                verdicts[pattern] = self._matches(section, pattern, host)
            if verdicts[pattern]:
                yield entry

    def _matches(self, section: str, pattern: str, host: str) -> bool:
        whole = pattern if "://" in pattern else f"https://{pattern}"
        if redact(whole) != whole:
            # A password is for no command line, and decides nothing.
            whole = re.sub(r"//[^/]*@", "//", whole)
        try:
            path = urlsplit(whole).path
        except ValueError:
            return False
        probe = "gitlease-probe"
        found = self.run(
            *("-c", f"{section}.{whole}.{probe}=1"),
            *("config", "--get-urlmatch", f"{section}.{probe}", f"https://{host}{path or '/'}"),
        )
        return found.returncode == 0
