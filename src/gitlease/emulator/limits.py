"""
Count requests against GitHub's limits: so many an hour, and so many mints a minute.

Sources: "Rate limits for the REST API" in GitHub's docs (5,000 an hour for an installation; a
POST is 5 of 900 points a minute on one endpoint).
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from .refusals import LIMIT_DOCS, Refusal, secondary_limit
from .world import World

HOUR = 3600  # seconds, the primary window
MINUTE = 60  # seconds, the secondary window


@dataclass
class Window:
    """One holder's count in the current hour."""

    resets: int = 0
    used: int = 0


@dataclass
class Limits:
    """Every holder's count; the key is an installation, an App or an address."""

    world: World
    windows: dict[str, Window] = field(default_factory=lambda: defaultdict(Window))
    mints: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def window(self, key: str) -> Window:
        """Return *key*'s window, a new one if the last is over."""
        now = self.world.clock.now()
        window = self.windows[key]
        # The second half heals a clock that was moved back.
        if now >= window.resets or window.resets > now + HOUR + 1:
            window.resets, window.used = int(now) + HOUR, 0
        return window

    def charge(self, key: str) -> dict[str, str]:
        """Count one request of *key*; return the headers to send, or raise Refusal (403)."""
        window = self.window(key)
        if window.used >= self.world.settings.rate_limit:
            message = f"API rate limit exceeded for {key}."
            raise Refusal(403, message, LIMIT_DOCS, headers=self.headers(window))
        window.used += 1
        return self.headers(window)

    def headers(self, window: Window) -> dict[str, str]:
        """Return the rate-limit headers that tell of *window*."""
        limit = int(self.world.settings.rate_limit)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - window.used)),
            "X-RateLimit-Used": str(window.used),
            "X-RateLimit-Reset": str(window.resets),
            "X-RateLimit-Resource": "core",
        }

    def charge_mint(self, app_id: int) -> None:
        """Count one mint of an App, or raise the secondary limit's Refusal."""
        allowed, now = self.world.settings.mints_per_minute, self.world.clock.now()
        recent = self.mints[app_id]
        while recent and not now - MINUTE < recent[0] <= now:
            recent.popleft()
        if allowed and len(recent) >= allowed:
            raise secondary_limit(max(1, int(recent[0] + MINUTE - now) + 1))
        recent.append(now)
