"""
Count what was asked of the world, and remember the latest requests.

What is remembered shows no secret: never an Authorization header, never a reply's body.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

REMEMBERED = 1000  # requests


@dataclass
class Stats:
    """Counters of one emulator; every test starts from zero with its own."""

    mints: int = 0
    api_calls: int = 0
    git_requests: int = 0
    faults: int = 0
    running: int = 0
    running_max: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_route: Counter[str] = field(default_factory=Counter)
    tunnels: int = 0
    refused_hosts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def report(self) -> dict[str, Any]:
        """Return all counters as JSON can carry them."""
        return {
            "mints": self.mints,
            "api_calls": self.api_calls,
            "git_requests": self.git_requests,
            "by_status": dict(sorted(self.by_status.items())),
            "by_route": dict(sorted(self.by_route.items())),
            "faults": self.faults,
            "concurrent": self.running,
            "concurrent_max": self.running_max,
            "proxy": {
                "tunnels": self.tunnels,
                "refused": self.refused_hosts.total(),
                "refused_hosts": dict(self.refused_hosts),
            },
            "errors": list(self.errors),
        }
