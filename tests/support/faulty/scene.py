"""
A workspace before which something can go wrong, and what its user sees then.

`acme`'s token is cached and due for renewal, `other`'s is not there: the first must go on being
served whatever happens, the second shows what is said, how soon, and when it is over.
"""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.support.workspaces import Workspace, password

CACHED, ABSENT = "acme/app", "other/lib"
# What a busy machine may add to a limit, mostly the starts of Python.
SLACK = 20.0  # seconds
RECOVERED = 60.0  # seconds


@dataclass(frozen=True)
class Answer:
    """What a command said, and after how many seconds; `found` is what it was run for."""

    seconds: float
    found: str | None
    lines: tuple[str, ...]


@dataclass
class Scene:
    """
    *workspace*, and what may be wrong before it: *trouble* makes a fault by its name.

    An answer may take *limit* seconds.  What asks is run as *before* it says.
    """

    workspace: Workspace
    trouble: Callable[[str], AbstractContextManager[None]]
    limit: float = 10.0
    before: tuple[str, ...] = ()

    def ask(self, path: str) -> Answer:
        """Ask for a token as git does."""
        began = time.monotonic()
        said = self.workspace.ask(path, shell=self.before)
        lines = tuple(said.stderr.decode().splitlines())
        return Answer(time.monotonic() - began, password(said.stdout), lines)

    def prepare(self) -> str:
        """Have a token for `acme` that works, and wants to be renewed; return it."""
        token = self.ask(CACHED).found
        assert token is not None
        self.workspace.age("github.com~acme", 3600 - 400)
        return token

    def during(self) -> tuple[Answer, Answer]:
        """Ask for what is absent and for what is cached at once; return both answers."""
        with ThreadPoolExecutor(2) as pool:
            absent, cached = pool.submit(self.ask, ABSENT), pool.submit(self.ask, CACHED)
            return absent.result(), cached.result()

    def recovery(self) -> float:
        """Return the seconds from now until a token for what was absent is given."""
        return _until(lambda: self.ask(ABSENT).found is not None)

    def check(self, absent: Answer) -> None:
        """See that *absent* came in time, and that it is a token or one line of words."""
        assert absent.seconds < self.limit + SLACK, absent
        assert len(absent.lines) == (absent.found is None), absent

    def check_kept(self, token: str, cached: Answer) -> None:
        """See that *cached* is *token*, or the one that has come in its place, and in time."""
        assert cached.found in {
            token,
            self.workspace.record("github.com~acme").token.secret.reveal(),
        }
        assert cached.seconds < self.limit + SLACK, cached
        assert len(cached.lines) <= 1, cached


class GitScene(Scene):
    """git's own way: it has its token, and reaches GitHub or does not."""

    def prepare(self) -> str:
        """Have a token, as the helper keeps it."""
        self.workspace.env |= {"GIT_HTTP_LOW_SPEED_LIMIT": "1000", "GIT_HTTP_LOW_SPEED_TIME": "4"}
        token = self.ask(CACHED).found
        assert token is not None
        return token

    def during(self) -> tuple[Answer, Answer]:
        """Fetch; then ask for the token that was used."""
        return self._fetch(), self.ask(CACHED)

    def recovery(self) -> float:
        """Return the seconds from now until git reaches GitHub."""
        return _until(lambda: self._fetch().found is not None)

    def check(self, absent: Answer) -> None:
        """See nothing: what git says, and when, is git's."""

    def _fetch(self) -> Answer:
        began = time.monotonic()
        words = ("ls-remote", f"https://github.com/{CACHED}", "HEAD")
        try:
            ran = self.workspace.git(*words, check=False, timeout=20)
        except subprocess.TimeoutExpired:
            return Answer(time.monotonic() - began, None, ())
        lines = tuple(line for line in ran.stderr.decode().splitlines() if "fatal" in line)
        found = "what it asked for" if ran.returncode == 0 else None
        return Answer(time.monotonic() - began, found, lines)


def _until(done: Callable[[], bool]) -> float:
    began = tried = time.monotonic()
    while not done():
        assert time.monotonic() - began < RECOVERED, "it is over, and nothing comes back"
        time.sleep(0.25)
        tried = time.monotonic()
    # It worked from somewhere between the last try and this one.
    return tried - began
