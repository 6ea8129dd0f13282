"""Draw shares as bars, each beside its goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.bench import svg
from tools.bench.figure import shown

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Bar:
    """A share that was `measured`, beside the `goal` (at most so much), if there is one."""

    what: str
    against: str
    measured: float
    goal: float | None


def draw(title: str, axis: str, found: Sequence[Bar]) -> str:
    """Return *found* as bars from 0, each with a stroke where its goal is."""
    left, step, top = 250, 40, 44
    most = max([1.0, *(max(one.measured, one.goal or 0) for one in found)]) * 1.08
    height = top + step * len(found) + 48

    def place(value: float) -> float:
        return left + value / most * (svg.WIDTH - left - 56)

    parts = [svg.text(16, 26, title)]
    ticks = _even(most)
    bottom = top + step * len(found)
    for tick in ticks:
        parts += [svg.path("grid", place(tick), top, place(tick), bottom)]
        parts += [svg.text(place(tick), bottom + 18, f"{tick:g}", "middle")]
    parts.append(svg.text((left + svg.WIDTH - 56) / 2, bottom + 38, axis, "middle"))
    for number, one in enumerate(found):
        y = top + step * number
        kind = "missed" if one.goal is not None and one.measured > one.goal else "met"
        parts.append(svg.text(left - 8, y + 15, one.what, "end"))
        parts.append(svg.text(left - 8, y + 31, one.against, "end small"))
        width = max(1.0, place(one.measured) - left)
        parts.append(
            f'<rect class="{kind}" x="{left}" y="{y + 8}" width="{width:.1f}" height="20"/>'
        )
        after = place(max(one.measured, one.goal or 0))
        parts.append(svg.text(after + 6, y + 23, shown(one.measured)))
        if one.goal is not None:
            parts.append(svg.path("goal", place(one.goal), y + 4, place(one.goal), y + 32))
    return svg.drawing(title, height, parts)


def _even(most: float) -> list[float]:
    step = next(one for one in (0.1, 0.25, 0.5, 1, 2, 5, 10, 50) if most / one <= 8)
    return [step * number for number in range(int(most / step) + 1)]
