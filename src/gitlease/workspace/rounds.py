"""What one round of the refresher did, and what it is handed to log gh in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gitlease.model.errors import GitleaseError
    from gitlease.model.targets import Target
    from gitlease.model.tokens import Token
    from gitlease.workspace.install.report import State


class Gh(Protocol):
    """gh's login, where gh is installed: whose token it needs, and how it is given one."""

    @property
    def target(self) -> Target:
        """Whose token gh needs."""
        ...

    def log_in(self, token: Token) -> tuple[State, str]:
        """Log gh in with *token*; return how that went."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """What a round did about one token: its target, and what, or why not and the cure."""

    what: str
    text: str
    failed: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.text}"


@dataclass(slots=True)
class Round:
    """
    What a round did, line by line; `error` is the last thing that failed.

    `waiting`: no source is set up yet.  `next_in`: seconds after which something is due again.
    `urgent` says that a token which is wanted is over; `patience`, for how many seconds asking
    again makes no sense.
    """

    lines: list[Line] = field(default_factory=list)
    error: GitleaseError | None = None
    waiting: bool = False
    next_in: float = float("inf")
    urgent: bool = False
    patience: float = 0.0

    def come_again(self, seconds: float) -> None:
        """Let the next round be in *seconds* at the latest."""
        self.next_in = min(self.next_in, seconds)
