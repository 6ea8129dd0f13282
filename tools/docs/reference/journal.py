"""Every field of a record in the journal, from the struct that its route serves."""

from __future__ import annotations

from tools.docs.reference.description import description, word
from tools.docs.reference.tables import code, table


def fields() -> str:
    """Return a row for each field."""
    shape = description()["components"]["schemas"]["JournalRecord"]
    return table(
        ["field", "type", "meaning"],
        [
            (code(name), word(one), str(one.get("description", "")))
            for name, one in shape["properties"].items()
        ],
    )
