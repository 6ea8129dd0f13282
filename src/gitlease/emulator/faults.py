"""
Keep scripted trouble: which requests it strikes, what it does, how often.

A fault is data; `front` carries it out.  Several may be set: the first that matches strikes, and
its count goes down in the same step, so ten parallel requests meet a count of three three times.
"""

import fnmatch
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from .routes import Asked

NAMES = ("mint", "installation", "git", "lfs", "graphql", "api")
DROPS = ("connect", "mid-body")


@dataclass
class Fault:
    """
    One kind of trouble.

    *route*: one of NAMES, or a prefix or glob on `METHOD host/path` (or on `host/path`); with or
    without the query.  *after* requests are let pass, then *count* are struck (None: all).  The
    rest says what happens: wait *delay* seconds; *revoke* the token that is shown; then *hang*,
    *drop* the connection, answer with *status* (or the *secondary* limit's text), or go on.
    """

    route: str
    status: int | None = None
    delay: float = 0
    count: int | None = None
    after: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: str | None = None
    hang: bool = False
    retry_after: int | None = None
    secondary: bool = False
    revoke: bool = False
    struck: int = 0

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Return the fault that *values* describe; ValueError names a wrong key."""
        known = {one.name for one in fields(cls)} - {"struck"}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"{unknown[0]}: no such key; there are {', '.join(sorted(known))}")
        _check(values)
        return cls(**values)

    def matches(self, asked: Asked) -> bool:
        """Return whether *asked* is of the kind that this fault strikes."""
        if self.route in NAMES:
            return self.route in asked.kinds
        address = asked.address if " " in self.route else asked.address.partition(" ")[2]
        pattern = self.route.lower()
        for target in (address.lower(), f"{address}?{asked.query}".lower()):
            if target.startswith(pattern) or fnmatch.fnmatchcase(target, pattern):
                return True
        return False

    @property
    def answers(self) -> bool:
        """Whether the request gets a scripted reply instead of the world's own."""
        return self.status is not None or self.secondary

    def report(self) -> dict[str, Any]:
        """Return the fault as JSON can carry it."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _check(values: Mapping[str, Any]) -> None:
    kinds: dict[str, tuple[type, ...]] = {
        "status": (int,),
        "delay": (int, float),
        "count": (int,),
        "after": (int,),
        "headers": (dict,),
        "hang": (bool,),
        "retry_after": (int,),
        "secondary": (bool,),
        "revoke": (bool,),
    }
    if not isinstance(values.get("route"), str) or not values["route"]:
        raise ValueError(f"route: name one of {', '.join(NAMES)}, or give a prefix or a glob")
    for key, kind in kinds.items():
        value = values.get(key)
        wrong_bool = isinstance(value, bool) and bool not in kind
        if value is not None and (not isinstance(value, kind) or wrong_bool):
            raise ValueError(f"{key}: {value!r} is of a wrong kind")
    if values.get("drop") not in {None, *DROPS}:
        raise ValueError(f"drop: {values['drop']!r} is none of {', '.join(DROPS)}")
    if values.get("status") is not None and not 200 <= values["status"] <= 599:
        raise ValueError(f"status: {values['status']} is no final HTTP status")
    for key in ("delay", "count", "after", "retry_after"):
        number = values.get(key) or 0
        if number < 0 or not math.isfinite(number):
            raise ValueError(f"{key}: give a finite number of at least 0")


class Faults:
    """The faults that are set, in order."""

    def __init__(self) -> None:
        self.scripted: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set *fault* behind those that are set."""
        self.scripted.append(fault)

    def clear(self) -> int:
        """Remove all faults; return how many there were."""
        count = len(self.scripted)
        self.scripted.clear()
        return count

    def strike(self, asked: Asked) -> Fault | None:
        """Return the fault that *asked* meets, counted down, or None."""
        for fault in self.scripted:
            if not fault.matches(asked) or fault.count == 0:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.struck += 1
            if fault.count is not None:
                fault.count -= 1
            return fault
        return None
