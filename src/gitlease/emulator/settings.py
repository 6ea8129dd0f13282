"""
Keep what a test may turn while the world runs: token life and form, lag, skew, limits.

The same keys come from a seed's `[settings]` and from `POST {control_url}/settings`, so they are
checked here, once, and a wrong one is named.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

FORMATS = ("classic", "stateless")


@dataclass(frozen=True)
class Settings:
    """What can be set; the defaults are GitHub's own behaviour, without its weather."""

    token_ttl: float = 3600  # seconds; GitHub: one hour, always
    token_format: str = FORMATS[0]
    replication_lag: float = 0  # seconds until a fresh token works everywhere
    date_skew: float = 0  # seconds that the Date header is ahead of the world's clock
    rate_limit: int = 5000  # requests an hour and installation
    mints_per_minute: int = 180  # 900 points a minute and endpoint, a POST costs 5; 0: no limit

    def changed(self, values: Mapping[str, Any]) -> Self:
        """
        Return these settings with *values* put in.

        Raises ValueError, naming the key, if one is unknown or of a wrong kind.
        """
        known = {field.name: field.type for field in fields(self)}
        for key, value in values.items():
            if key not in known:
                raise ValueError(f"{key}: no such setting; there are {', '.join(known)}")
            if key == "token_format":
                if value not in FORMATS:
                    raise ValueError(f"token_format: {value!r} is none of {', '.join(FORMATS)}")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{key}: give a number, not {value!r}")
            elif not math.isfinite(value) or (value < 0 and key != "date_skew"):
                raise ValueError(f"{key}: give a finite number of at least 0, not {value!r}")
        return replace(self, **values)
