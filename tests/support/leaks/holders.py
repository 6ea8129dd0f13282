"""
Who may hold which secret.

What is not in this table may hold none: a place is allowed by name, for the kinds of secret that
it is there for.  A record of the cache holds tokens, and a bearer there would be a leak.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from tests.support.leaks.kinds import (
    ADMIN,
    APP_KEY,
    BEARER,
    ENROLMENT,
    OTHER,
    PERSONAL,
    SEALING,
    TOKEN,
)

_TABLE: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (pattern, frozenset(kinds))
    for pattern, *kinds in (
        # Files, all of them 0600.
        (r"file .*/cache/[^/]+", TOKEN),
        (r"file .*/hosts\.yml(\.[^/]*)?", TOKEN, PERSONAL),
        (r"file .*/\.gh_token", TOKEN, PERSONAL),
        (r"file .*/\.auth_token", BEARER),
        (r"file .*/admin-token", ADMIN),
        (r"file .*/(broker\.sqlite\.key|keys)", SEALING),
        (r"file .*\.pem", APP_KEY),
        # gh and people have their tokens here; a broker may have its operator's.
        (r"environ (GH_TOKEN|GITHUB_TOKEN|GH_ENTERPRISE_TOKEN) of .*", TOKEN, PERSONAL),
        (r"environ GITLEASE_BROKER_ADMIN_TOKEN of .*", ADMIN),
        (r"environ GITLEASE_BROKER_ENROLMENT_SECRETS? of .*", ENROLMENT),
        # Whoever asks for it by these is told it.
        (r"stdout of .*git-credential-gitlease get.*", TOKEN, PERSONAL),
        (r"stdout of (.* )?gitlease (credential get|token|env)\b.*", TOKEN, PERSONAL),
        (r"stdout of (.* )?git credential fill", TOKEN, PERSONAL),
        (r"stdout of (.* )?gh auth token\b.*", TOKEN, PERSONAL),
        (r"stdout of (.* )?gitlease broker (token|enrolment) create\b.*", BEARER, ENROLMENT),
        (r"stdout of (.* )?gitlease broker workspace add\b.*", BEARER),
    )
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), kinds) for pattern, kinds in _TABLE)


@lru_cache(maxsize=4096)
def holder(place: str) -> int:
    """Return the number of the holder that *place* is, or -1: it may hold nothing."""
    for number, (pattern, _) in enumerate(_PATTERNS):
        if pattern.fullmatch(place):
            return number
    return -1


def may_hold(place: str, kind: str, planted: Iterable[str] = ()) -> bool:
    """
    Tell whether *place* may hold a secret of *kind*.

    *planted* are patterns of places in which the test itself put secrets, to see what happens.
    """
    number = holder(place)
    # A secret of no kind comes from a test's own words, and was put where it is.
    if number >= 0 and kind in _PATTERNS[number][1] | {OTHER}:
        return True
    return any(re.search(pattern, place) for pattern in planted)
