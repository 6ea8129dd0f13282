"""
What was measured, beside what was aimed at.

A figure is a ratio of two medians from one run, or a plain number; it is judged for the reader and
never asserted, because a busy machine is no defect.
"""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Spread:
    """The middle of some timings in seconds: `median` between the quartiles `low` and `high`."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, times: Sequence[float]) -> Self:
        """Return the spread of *times* (seconds, two or more)."""
        low, median, high = statistics.quantiles(times, n=4, method="inclusive")
        return cls(median, low, high, len(times))

    def __str__(self) -> str:
        return f"{self.median * 1000:.2f} ({self.low * 1000:.2f} to {self.high * 1000:.2f})"

    @classmethod
    def of_json(cls, value: Mapping[str, float]) -> Self:
        """Return the spread that `as_json` gave *value* for."""
        median, low, high = (value[f"{name}_ms"] / 1000 for name in ("median", "low", "high"))
        return cls(median, low, high, int(value["runs"]))

    def as_json(self) -> dict[str, float]:
        """Return it in milliseconds."""
        return {
            "median_ms": round(self.median * 1000, 4),
            "low_ms": round(self.low * 1000, 4),
            "high_ms": round(self.high * 1000, 4),
            "runs": self.runs,
        }


@dataclass(frozen=True)
class Goal:
    """A budget of the design: at most, at least or exactly *value*."""

    sign: Literal["<=", ">=", "=="]
    value: float

    def met(self, measured: float) -> bool:
        """Tell whether *measured* keeps it."""
        match self.sign:
            case "<=":
                return measured <= self.value
            case ">=":
                return measured >= self.value
            case "==":
                return measured == self.value

    def __str__(self) -> str:
        return f"exactly {self.value:g}" if self.sign == "==" else f"{self.sign} {self.value:g}"


def shown(value: float) -> str:
    """Return a ratio or a time in as many digits as a busy machine gives."""
    return f"{value:.2f}" if value >= 0.095 else f"{value:.3f}"


@dataclass(frozen=True)
class Point:
    """Where a row stands in a plot: on the line *line* of the plot *plot*, at *x*."""

    plot: str
    line: str
    x: float


@dataclass(frozen=True)
class Row:
    """
    One line of the table: *what* was measured *against* what, and the *goal* if there is one.

    `unit` is empty for a ratio or a count.  `subject` and `rival` hold the times of a ratio.
    A row of something that grows has a `point`.
    """

    what: str
    against: str
    measured: float
    goal: Goal | None = None
    unit: str = ""
    subject: Spread | None = None
    rival: Spread | None = None
    point: Point | None = None

    @classmethod
    def ratio(
        cls,
        what: str,
        against: str,
        subject: Spread,
        rival: Spread,
        goal: float | None = None,
        *,
        point: Point | None = None,
    ) -> Self:
        """Return the row for the *subject*'s median as a share of the *rival*'s."""
        aim = None if goal is None else Goal("<=", goal)
        share = subject.median / rival.median
        return cls(what, against, share, aim, subject=subject, rival=rival, point=point)

    @classmethod
    def pace(cls, what: str, against: str, subject: Spread, rival: Spread, goal: float) -> Self:
        """Return the row for how often the *subject* is done in the time of the *rival*'s once."""
        share = rival.median / subject.median
        return cls(what, against, share, Goal(">=", goal), subject=subject, rival=rival)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        return None if self.goal is None else self.goal.met(self.measured)

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the row that `as_json` gave *value* for."""
        return cls(
            value["what"],
            value["against"],
            value["measured"],
            value["goal"] and Goal(**value["goal"]),
            value["unit"],
            value["subject"] and Spread.of_json(value["subject"]),
            value["rival"] and Spread.of_json(value["rival"]),
            point=value["point"] and Point(**value["point"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for a program to read."""
        return {
            "what": self.what,
            "against": self.against,
            "measured": round(self.measured, 4),
            "unit": self.unit,
            "goal": self.goal and asdict(self.goal),
            "met": self.met,
            "subject": self.subject and self.subject.as_json(),
            "rival": self.rival and self.rival.as_json(),
            "point": self.point and asdict(self.point),
        }
