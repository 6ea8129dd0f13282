"""
The installed sh program under one shell, and the Python helper, over one cache.

Where the program would start Python, a stub stands that gives back what it was handed: so one can
see which of the two answered, and hand the same to the Python helper in this process.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.helper import Helper
from gitlease.workspace.settings import Settings
from gitlease.workspace.shell import templates

if TYPE_CHECKING:
    from pathlib import Path

SHELLS: Final = {
    "dash": ("dash",),
    "bash": ("bash",),
    "bash --posix": ("bash", "--posix"),
    "busybox": ("busybox", "sh"),
}
# Which owner has a record, which repository has one of its own, and what does not serve others.
RECORDS: Final = {
    "github.com": False,
    "github.com~acme": True,
    "github.com~acme~secret": False,
    "github.com~other~narrow": False,
}
_HANDED: Final = b"handed to Python:\n"
_STUB: Final = f"#!/bin/sh\necho '{_HANDED.decode().strip()}'\nexec cat\n"
_PIPE: Final = 65_536  # bytes; what a pipe holds unless it is told to hold more


class CrookedError(Exception):
    """The sh program ended as it never should, whatever it was asked."""


@dataclass(frozen=True)
class Pair:
    """The sh program under one shell, and the Python helper over the same cache."""

    shell: tuple[str, ...]
    program: Path
    settings: Settings
    env: dict[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})

    @classmethod
    def make(cls, home: Path, shell: tuple[str, ...]) -> Pair:
        """Install the program in *home*, which is made, with a record for each of `RECORDS`."""
        home.mkdir(mode=0o700)
        settings = Settings(home, app_slug="demo")
        stub = home / "python"
        stub.write_text(_STUB)
        stub.chmod(0o700)
        program = home / "helper"
        program.write_text(templates.credential_helper(settings, python=str(stub), main=stub))
        path = shutil.which(shell[0])
        if path is None:
            raise FileNotFoundError(shell[0])
        made = cls((path, *shell[1:]), program, settings)
        for name, for_all in RECORDS.items():
            made.put(name, for_all=for_all)
        return made

    def through_sh(self, data: bytes) -> tuple[bytes, bytes | None]:
        """
        Return what sh printed for the request *data*, and what it handed to Python, or None.

        Raises `CrookedError` for a word on stderr or a status other than 0.
        """
        status, out, err = self.run(data)
        if status or err:
            raise CrookedError(f"{self.shell}: status {status}, {err[:200]!r}, asked {data!r}")
        printed, handed, request = out.partition(_HANDED)
        return printed, request if handed else None

    def run(self, data: bytes) -> tuple[int, bytes, bytes]:
        """Run the program once; return its status and what it wrote to stdout and stderr."""
        # By hand, for `subprocess` takes as long again as a shell does.
        asked, told, said = os.pipe(), os.pipe(), os.pipe()
        if len(data) > _PIPE:
            fcntl.fcntl(asked[1], fcntl.F_SETPIPE_SZ, 1 << 20)
        os.write(asked[1], data)
        os.close(asked[1])
        ends = (asked[0], told[1], said[1])
        duplicates = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(ends)]
        words = [*self.shell, str(self.program), "get"]
        child = os.posix_spawn(self.shell[0], words, self.env, file_actions=duplicates)
        for end in ends:
            os.close(end)
        out, err = _drain(told[0]), _drain(said[0])
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), out, err

    def answer(self, data: bytes) -> bytes:
        """Return what git reads in the end, whoever wrote it."""
        printed, handed = self.through_sh(data)
        return printed if handed is None else self.python(handed)

    def python(self, data: bytes) -> bytes:
        """Return what the Python path answers to *data* alone."""
        return self.python_says(data)[0]

    def python_says(self, data: bytes) -> tuple[bytes, str]:
        """Return what the Python path answers to *data*, and its line for a person."""
        return Helper(self.settings, {}, sleep=lambda _: None).get(data)

    def put(self, name: str, *, for_all: bool = False, life: float = 36_000.0) -> Token:
        """Put a token that tells its name into the cache."""
        now = time.time()
        secret = Secret("ghs_" + re.sub("[^a-z]", "_", name) + "x" * 36)
        token = Token(secret, now + life, now, lifetime=life, source="test")
        Cache(self.settings).put(name, token, clocks.read(), for_all=for_all)
        return token


def _drain(end: int) -> bytes:
    with open(end, "rb", buffering=0) as stream:
        return stream.read()
