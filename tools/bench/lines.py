"""Draw times over what they grow with, both on logarithmic scales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tools.bench import svg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Scale: TypeAlias = Callable[[float], float]

# Colours that differ for people who see red and green alike (Okabe and Ito's), and by their marks.
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


@dataclass(frozen=True)
class Mark:
    """A `median` in milliseconds between its quartiles `low` and `high`, at `x`."""

    x: float
    median: float
    low: float
    high: float


def draw(title: str, axis: str, found: Mapping[str, Sequence[Mark]]) -> str:
    """Return lines of *found*, by their names, over *axis*; both scales are logarithmic."""
    marks = [mark for line in found.values() for mark in line]
    left, right, top, bottom = 76, svg.WIDTH - 24, 44, 330
    lowest, highest = _decades([edge for mark in marks for edge in (mark.low, mark.high)])
    first, last = math.log10(min(m.x for m in marks)), math.log10(max(m.x for m in marks))

    def across(x: float) -> float:
        return left + (math.log10(x) - first) / max(last - first, 1e-9) * (right - left - 20) + 10

    def up(value: float) -> float:
        return bottom - (math.log10(value) - lowest) / (highest - lowest) * (bottom - top)

    parts = [svg.text(16, 26, title)]
    for power in range(lowest, highest + 1):
        y = up(10.0**power)
        parts += [
            svg.path("grid", left, y, right, y),
            svg.text(left - 6, y + 4, _named(power), "end"),
        ]
    for x in sorted({mark.x for mark in marks}):
        parts += [svg.path("grid", across(x), top, across(x), bottom)]
        parts.append(svg.text(across(x), bottom + 18, f"{x:,.0f}", "middle"))
    parts.append(svg.text((left + right) / 2, bottom + 40, axis, "middle"))
    parts.append(
        f'<text class="middle" transform="translate(18 {(top + bottom) / 2}) rotate(-90)">'
    )
    parts.append("ms: median and quartiles</text>")
    for number, (name, line) in enumerate(found.items()):
        colour = LINES[number % len(LINES)]
        parts += _line(line, across, up, colour, number)
        y = bottom + 64 + 20 * number
        parts += [_mark(left + 10, y - 4, colour, number), svg.text(left + 24, y, name)]
    return svg.drawing(title, bottom + 64 + 20 * len(found), parts)


def _line(
    line: Sequence[Mark], across: Scale, up: Scale, colour: str, number: int
) -> Iterator[str]:
    way = " ".join(f"{across(mark.x):.1f},{up(mark.median):.1f}" for mark in line)
    yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for mark in line:
        x = across(mark.x)
        yield svg.path("whisker", x, up(mark.low), x, up(mark.high))
        yield _mark(x, up(mark.median), colour, number)


def _mark(x: float, y: float, colour: str, number: int) -> str:
    """Return the mark of the line *number*: no two of four look alike without colour."""
    match number % 4:
        case 0:
            shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"'
        case 1:
            shape = f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"'
        case 2:
            shape = f'<path d="M{x - 5.5:.1f} {y + 4.5:.1f}h11l-5.5 -10z"'
        case _:
            shape = f'<path d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z"'
    return f'{shape} fill="{colour}"/>'


def _decades(values: Sequence[float]) -> tuple[int, int]:
    lowest, highest = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return lowest, max(highest, lowest + 1)


def _named(power: int) -> str:
    return f"{10.0**power:g}"
