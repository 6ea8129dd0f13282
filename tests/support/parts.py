"""The parts that workspace code is handed: a clock that tests move, tokens, targets, settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitlease.model.frozen import replace
from gitlease.model.targets import Target
from gitlease.model.tokens import Secret, Token
from gitlease.workspace.clocks import Moment
from gitlease.workspace.settings import Settings

HOST = "github.com"
APP = Target(HOST, "acme", "app")
NOON = Moment(1_800_000_000.0, 5_000.0, "boot-1")


@dataclass
class Clock:
    """Both clocks of a machine; calling it reads them."""

    moment: Moment = NOON

    def __call__(self) -> Moment:
        return self.moment

    def wall(self) -> float:
        """Read the wall clock alone."""
        return self.moment.wall

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.moment = replace(
            self.moment, wall=self.moment.wall + seconds, boot=self.moment.boot + seconds
        )

    def set_wall(self, wall: float) -> None:
        """Set the wall clock, as a person or NTP does; the boot clock goes on."""
        self.moment = replace(self.moment, wall=wall)


def token(
    text: str = "ghs_one", now: Moment = NOON, *, life: float = 3600.0, source: str = "test"
) -> Token:
    """Return a token that was minted *now* and lives *life* seconds."""
    return Token(Secret(text), now.wall + life, now.wall, lifetime=life, source=source)


def settings(home: Path, **values: Any) -> Settings:
    """Return settings with our home in *home*, and *values* as if they had been read."""
    return Settings(home / "gitlease", **values)


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below *folder* with its bytes, by its path there."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
