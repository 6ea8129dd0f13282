"""A renewal with its parts at hand: a cache, a clock that is set, and a source that may fail."""

from dataclasses import dataclass, field
from pathlib import Path

from gitlease.model.errors import GitleaseError
from gitlease.model.targets import Target
from gitlease.model.tokens import Token
from gitlease.workspace.cache import Cache
from gitlease.workspace.renewal import Renewal
from gitlease.workspace.sources import Fetched, Source
from tests.support.parts import APP, Clock, settings, token

OWNER = APP.names[1]


@dataclass
class Spring:
    """A source that gives tokens for whole owners until it is told to fail."""

    clock: Clock
    name: str = "spring"
    failure: GitleaseError | None = None
    dry: bool = False
    given: list[Token] = field(default_factory=list)
    asked: int = 0
    life: float = 3600.0

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        """Return a new token for *target*'s owner, or nothing, or fail."""
        del min_ttl
        self.asked += 1
        if self.failure:
            raise self.failure
        if self.dry:
            return None
        self.given.append(token(f"ghs_{len(self.given)}", self.clock(), life=self.life))
        return Fetched(self.given[-1], f"{target.host}~{target.owner}", for_all=True)


@dataclass
class House:
    """A renewal with its parts at hand."""

    home: Path
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.settings = settings(self.home)
        self.cache = Cache(self.settings)
        self.spring = Spring(self.clock)
        self.renewal = self.over(self.spring)

    def over(self, *sources: Source) -> Renewal:
        """Return a renewal that asks *sources*."""
        return Renewal(self.settings, self.cache, sources, self.clock)
