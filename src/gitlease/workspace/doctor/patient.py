"""What a check is handed: the workspace, its git, and a carrier that notes the others' clocks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitlease.github.times import server_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitlease.model.exchange import Request, Response
    from gitlease.workspace.doctor.git import Git
    from gitlease.workspace.settings import Settings
    from gitlease.workspace.sources import Carrier

# A person waits, and asks again when the network is slow.
LIMIT: Final = 5.0  # seconds for each server that is asked


class Witness:
    """Carries by *carrier*, and notes how far each server's clock is ahead of ours, in seconds."""

    def __init__(self, carrier: Carrier, now: Callable[[], float] = time.time) -> None:
        self._carrier = carrier
        self._now = now
        self.ahead: dict[str, float] = {}

    def deadline(self, limit: float | None = None) -> float:
        """Return when exchanges that begin now must end."""
        return self._carrier.deadline(limit)

    def exchange(self, request: Request, deadline: float) -> Response:
        """Return the reply, whatever its status."""
        began = self._now()
        response = self._carrier.exchange(request, deadline)
        theirs = server_time(response.headers)
        if theirs is not None:
            # They stamped it in between, and cut the fraction off.
            ours = (began + self._now()) / 2
            self.ahead[urlsplit(request.url).netloc] = theirs + 0.5 - ours
        return response


@dataclass(frozen=True, slots=True)
class Patient:
    """A workspace: what it is told, the environment it is told by, and the *folder* we are in."""

    settings: Settings
    env: Mapping[str, str] = field(repr=False)
    folder: Path
    git: Git
    witness: Witness
