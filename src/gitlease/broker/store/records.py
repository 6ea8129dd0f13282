"""What the journal keeps: who asked for what, when, how it ended; fingerprints, never tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

Kind = Literal["intent", "lease", "refusal", "rejection", "failed", "admin"]


# These are msgspec's: one is made for each lease, in a tenth of a frozen dataclass's time.
class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that happened at *at* (seconds), to write down.

    An "intent" says that a mint is about to be asked for; its end is a "lease" or a "failed" with
    its number in `intent_id`.  `scope` is `Scope.key`; `source` is where a leased token came
    from: "memory", "store" or "mint".
    """

    at: float
    kind: Kind
    request_id: str = ""
    workspace_id: str | None = None
    token_id: str | None = None
    scope: str = ""
    owner: str | None = None
    fingerprint: str | None = None
    expires_at: float | None = None
    source: str = ""
    reason: str = ""
    intent_id: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an intent ended at *at*: in a "lease" with its token's data, or "failed" for a reason."""

    at: float
    kind: Literal["lease", "failed"]
    fingerprint: str | None = None
    expires_at: float | None = None
    source: str = ""
    reason: str = ""


class Record(Entry, frozen=True, kw_only=True):
    """An entry as it stands in the journal, with its number."""

    id: int

    def as_json(self) -> dict[str, Any]:
        """Return the record with plain values only."""
        return msgspec.structs.asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which records to return: those for which each given value holds; times are seconds."""

    kind: Kind | None = None
    workspace_id: str | None = None
    owner: str | None = None
    fingerprint: str | None = None
    request_id: str | None = None
    since: float | None = None
    until: float | None = None
