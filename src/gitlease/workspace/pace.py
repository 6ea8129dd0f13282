"""
When a token is to be renewed, and how long the refresher rests.

Renewal comes before two thirds of a token's life are over: from then on git-lfs, or git with a
short-lived token, would have to wait for it.  It comes by lot within a stretch before that, so
that a fleet which was started at once does not ask at once.  All numbers are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlease.workspace.settings import Settings

    # Draws a number between the two that it is given; `random.uniform` does.
    Draw = Callable[[float, float], float]

RETRY: Final = 30.0  # after the first failure; doubled with each further one
LONGEST_RETRY: Final = 300.0
# Where a token is over already somebody waits, and not for minutes more once the cause has ended.
URGENT_RETRY: Final = 40.0
# How long what is not set up yet may take to be noticed once it is.
UNCONFIGURED: Final = 30.0
SHORTEST: Final = 1.0
_MOMENT: Final = 3.0
# A broker's `expires_in` is whole seconds, so for it a token lives up to one longer than for us.
_WHOLE: Final = 2.0


def is_due(left: float, lifetime: float, settings: Settings) -> bool:
    """Tell whether a token with *left* of its *lifetime* is to be renewed now."""
    return left <= lifetime / 3 + _lead(lifetime) + _jitter(lifetime, settings)


def until_due(left: float, lifetime: float, settings: Settings, draw: Draw) -> float:
    """Return how long a token that is not due, *left* of its *lifetime*, may be left alone."""
    early = _lead(lifetime) + draw(0.0, _jitter(lifetime, settings))
    return left - lifetime / 3 - early


def until_better(left: float, lifetime: float, draw: Draw) -> float | None:
    """
    Return when to ask again, where the answer was no better than what we have; None for no more.

    A broker keeps one token for many: a little before its two thirds it has a new one ready, after
    them it gives no old one any more.
    """
    stretch = left - lifetime / 3 + _WHOLE
    if stretch <= 0:
        return None
    if stretch <= max(lifetime / 180, 2 * _WHOLE):
        return stretch
    return stretch - draw(_WHOLE, max(min(stretch, lifetime / 90), _WHOLE))


def until_retry(failures: int, draw: Draw, *, urgent: bool) -> float:
    """Return how long to wait after so many *failures* in a row; *urgent* if somebody waits."""
    pause = RETRY * 2.0 ** min(failures - 1, 10)
    # By lot, a fleet that failed together does not come back together.
    return min(pause, URGENT_RETRY if urgent else LONGEST_RETRY) * draw(0.9, 1.0)


def rest(wanted: float, settings: Settings) -> int:
    """Return the whole seconds to rest where *wanted* are left until something is due."""
    longest = max(float(settings.refresh_interval), SHORTEST)
    return int(max(SHORTEST, min(wanted, longest)))


def _lead(lifetime: float) -> float:
    # A round needs a moment itself, which is much of a life that is short.
    return max(lifetime / 60, min(_MOMENT, lifetime / 10))


def _jitter(lifetime: float, settings: Settings) -> float:
    return min(float(settings.refresh_jitter), lifetime / 12)
