"""Every error of the tree, with its cure and what a broker's reply makes of it."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

import gitlease
from gitlease.broker.problems import TABLE
from gitlease.model.errors import GitleaseError
from tools.docs.reference.tables import code, first_paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator

# The migrations are run by their own program, and Python runs the other itself.
_NOT_LOADED = ("gitlease.broker.store.migrations", "gitlease.__main__")


def errors() -> str:
    """Return a row for each class, below the one that it is a kind of."""
    for module in pkgutil.walk_packages(gitlease.__path__, "gitlease."):
        if not module.name.startswith(_NOT_LOADED):
            import_module(module.name)
    return table(
        ["error", "is a", "what happened", "cure", "status", "reply"], _rows(GitleaseError)
    )


def _rows(kind: type[GitleaseError]) -> Iterator[tuple[str, ...]]:
    found = (row for known, row in TABLE.items() if issubclass(kind, known))
    slug, _, status = next(found, ("", "", kind.status))
    parent = "" if kind is GitleaseError else kind.__bases__[0].__name__
    yield (
        code(kind.__name__),
        code(parent),
        first_paragraph(kind.__doc__),
        kind.hint,
        str(status),
        code(slug),
    )
    for one in sorted(kind.__subclasses__(), key=lambda one: one.__name__):
        if one.__module__.startswith("gitlease."):
            yield from _rows(one)
