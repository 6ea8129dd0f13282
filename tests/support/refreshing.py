"""A workspace for rounds of the refresher: its records, a clock that is set, a source, a gh."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from gitlease.model.errors import GitleaseError
from gitlease.model.targets import Target
from gitlease.model.tokens import Token
from gitlease.workspace.cache import Cache, Record
from gitlease.workspace.install.report import State
from gitlease.workspace.refresher import run_round
from gitlease.workspace.rounds import Round
from gitlease.workspace.sources import Fetched
from tests.support.parts import HOST, Clock, settings, token

ACME, SITE = "github.com~acme", "github.com~acme~site"
DAY = 86_400.0


@dataclass
class Spring:
    """
    A source of new tokens, or of the one it is told to `keep`.

    `asked` has what it was asked; an answer `takes` seconds.
    """

    clock: Clock
    failure: GitleaseError | None = None
    keep: Token | None = None
    asked: list[tuple[str, float]] = field(default_factory=list)
    takes: float = 0.0
    name: str = "spring"

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        """Return a new token, or what is kept, or fail."""
        self.asked.append((str(target), min_ttl))
        self.clock.advance(self.takes)
        if self.failure is not None:
            raise self.failure
        made = self.keep or token(f"ghs_{len(self.asked)}", self.clock())
        return Fetched(made, target.names[0], for_all=True)


@dataclass
class Gh:
    """A gh that notes its logins."""

    target: Target = field(default_factory=lambda: Target(HOST))
    state: State = "done"
    tokens: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def log_in(self, token: Token) -> tuple[State, str]:
        """Note *token*, or raise the trouble."""
        if self.trouble is not None:
            raise self.trouble
        self.tokens.append(token.secret.reveal())
        return self.state, "logged in"


class House:
    """A cache, a clock and a source; rounds in it draw no lots."""

    def __init__(self, home: Path) -> None:
        self.settings = settings(home)
        self.clock = Clock()
        self.cache = Cache(self.settings)
        self.spring = Spring(self.clock)

    def put(self, name: str, text: str = "ghs_old", *, used: float = 0.0) -> None:
        """Put a new token under *name*, last used so many seconds ago."""
        self.cache.put(name, token(text, self.clock()), self.clock(), for_all=True)
        path = self.cache.folder / name
        then = self.clock().wall - used
        os.utime(path, (then, path.stat().st_mtime))

    def round(self, gh: Gh | None = None, *, everything: bool = False) -> Round:
        """Make a round."""
        return run_round(
            self.settings,
            {},
            gh=gh,
            sources=[self.spring],
            read_clock=self.clock,
            draw=lambda a, b: (a + b) / 2,
            everything=everything,
        )

    def record(self, name: str = ACME) -> Record:
        """Return the record *name*, which must be there."""
        found = self.cache.read(name)
        assert found is not None
        return found
