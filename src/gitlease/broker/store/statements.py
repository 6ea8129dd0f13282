"""
The two statements that nearly every lease needs, as text that SQLite takes whole.

A thread does SQLite's work, and each hand-over to it costs as much as what it does there.  So what
a batch has to say is said by one statement, and SQLAlchemy, which needs five hand-overs for it, is
left out.
"""

from __future__ import annotations

import functools
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import sqlite

from gitlease.broker.store.tables import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Select

    from gitlease.broker.store.records import Entry

COLUMNS: Final = tuple(column.name for column in JOURNAL.c if column.name != "id")
VALUES: Final[Callable[[Entry], tuple[Any, ...]]] = attrgetter(*COLUMNS)


def values_of(entries: Sequence[Entry]) -> list[Any]:
    """Return the values of *entries*, one after the other, for `journal_insert`."""
    return [value for entry in entries for value in VALUES(entry)]


@functools.cache
def journal_insert(count: int) -> str:
    """Return the statement that writes *count* records, all of them or none."""
    row = f"({', '.join('?' * len(COLUMNS))})"
    rows = ", ".join([row] * count)
    return f"INSERT INTO {JOURNAL.name} ({', '.join(COLUMNS)}) VALUES {rows}"  # noqa: S608 - our names


def with_list(query: Select[Any], name: str, count: int) -> str:
    """Return the text of *query*, whose only parameter is a list *name* of *count* values."""
    told = query.params({name: [None] * count})
    compiled = told.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    return compiled.string
