"""A picture as SVG that can be read on light and on dark ground, and brings its own."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 760
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.ground { fill: #ffffff } .grid { stroke: #d1d9e0; fill: none } .met { fill: #0072b2 }
.missed { fill: #d55e00 } .goal { stroke: #1f2328; stroke-width: 2; fill: none }
.whisker { stroke: #59636e; stroke-width: 1.5; fill: none }
.small { font-size: 11px } .end { text-anchor: end }
.middle { text-anchor: middle }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .ground { fill: #0d1117 } .grid { stroke: #3d444d }
.met { fill: #4da3d9 } .goal { stroke: #e6edf3 } .whisker { stroke: #9198a1 }
}
"""


def path(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a stroke from one place to another."""
    return f'<path class="{kind}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Return *words* at a place."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def drawing(title: str, height: float, parts: Sequence[str]) -> str:
    """Return the picture *title* of *parts*."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
    ground = f'<rect class="ground" width="{WIDTH}" height="{height:.0f}"/>'
    name = f"<title>{escape(title)}</title>"
    return "\n".join([head, name, f"<style>{STYLE}</style>", ground, *parts, "</svg>", ""])
