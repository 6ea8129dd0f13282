"""
The parts of pages that are made from the code, between two marks in a page that a person writes.

`<!-- made: NAME -->` begins a part and `<!-- end -->` ends it; what stands between is replaced.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.docs.reference import commands, errors, journal, metrics, routes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "commands": commands.commands,
    "errors": errors.errors,
    "metrics": metrics.metrics,
    "routes": routes.routes,
    "shapes": routes.shapes,
    "journal": journal.fields,
}
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def made(page: str) -> str:
    """Return *page* with every part as the code makes it now; raises KeyError for no such part."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n{found[3]}", page)


def parts_of(page: str) -> list[str]:
    """Return the names of the parts in *page*."""
    return [name for _, name, _ in _PART.findall(page)]
