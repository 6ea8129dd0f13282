"""
The tokens that this process holds, at most so many, found by key and by fingerprint.

Under each key a new token may rest beside the one that still serves: GitHub's replicas know a new
token only after a moment.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gitlease.broker.minters.bounded import Bounded
from gitlease.model.tokens import fair_min_ttl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlease.broker.minters.minted import Origin
    from gitlease.model.scopes import Scope
    from gitlease.model.tokens import Token

REST: Final = 3.0  # seconds; replicas lag for about one, octokit tries for five
MOST_KEYS: Final = 10_000
MOST_REJECTED: Final = 50_000


@dataclass(slots=True)
class Held:
    """
    A token in memory.

    `ends` is the end of its life on the monotonic clock: a wall clock that is set back must not
    revive it.
    """

    token: Token
    app: str
    installation: int
    fingerprint: str
    ends: float
    origin: Origin


@dataclass(slots=True)
class Slot:
    """What is held under one key: the newest token last; whether anybody asked since it came."""

    scope: Scope
    held: list[Held] = field(default_factory=list)
    used: bool = False
    # On the monotonic clock: not to be renewed before, after a renewal that failed.
    patient_until: float = 0.0


class Memory:
    """
    Slots by key.

    *now* is the wall clock in seconds, *monotonic* one that nobody sets.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        most_keys: int = MOST_KEYS,
    ) -> None:
        self._now = now
        self._monotonic = monotonic
        self._slots: Bounded[str, Slot] = Bounded(most_keys, self._forgotten)
        self._keys: dict[str, str] = {}
        self._rejected: Bounded[str, float] = Bounded(MOST_REJECTED)

    def __len__(self) -> int:
        return len(self._slots)

    def get(self, key: str) -> Slot | None:
        """Return the slot of *key*, or None."""
        return self._slots.get(key)

    def slots(self) -> Iterator[tuple[str, Slot]]:
        """Yield all keys with their slots."""
        yield from self._slots.items()

    def left(self, held: Held) -> float:
        """Return the seconds that *held* has left by the stricter of both clocks."""
        expires = held.token.expires_at
        wall = float("inf") if expires is None else expires - self._now()
        return min(wall, held.ends - self._monotonic())

    def lasts(self, held: Held, min_ttl: float) -> bool:
        """Tell whether *held* outlives *min_ttl* seconds, fairly capped."""
        return self.left(held) >= fair_min_ttl(min_ttl, held.token.lifetime)

    def usable(self, held: Held, min_ttl: float) -> bool:
        """Tell whether *held*, just fetched, `lasts` and was not rejected in the meantime."""
        return self.lasts(held, min_ttl) and not self.is_rejected(held.fingerprint)

    def choose(self, key: str, min_ttl: float) -> Held | None:
        """Return the newest usable token of *key* that has rested, else one that has not."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        slot.used = True
        newest = None
        for held in reversed(slot.held):
            if self.lasts(held, min_ttl):
                if self._now() - held.token.minted_at >= REST:
                    return held
                newest = newest or held
        return newest

    def touch(self, key: str) -> None:
        """Count *key* as asked for."""
        if slot := self._slots.get(key):
            slot.used = True

    def weigh(self, token: Token, app: str, installation: int, origin: Origin) -> Held:
        """Return *token* with its end on the monotonic clock, not held yet."""
        expires = token.expires_at
        left = float("inf") if expires is None else expires - self._now()
        return Held(token, app, installation, token.fingerprint, self._monotonic() + left, origin)

    def put(self, key: str, scope: Scope, held: Held) -> None:
        """Hold *held* under *key*, beside the newest one there while that still serves."""
        slot = self._slots.get(key) or Slot(scope)
        older = [one for one in slot.held[-1:] if one.fingerprint != held.fingerprint]
        kept = [one for one in older if self.lasts(one, 0.0)]
        for gone in slot.held:
            self._keys.pop(gone.fingerprint, None)
        slot.held, slot.used, slot.patient_until = [*kept, held], False, 0.0
        self._keys.update({one.fingerprint: key for one in slot.held})
        self._slots.put(key, slot)

    def find(self, fingerprint: str) -> tuple[str, Held] | None:
        """Return what is held with *fingerprint* and its key, or None."""
        key = self._keys.get(fingerprint)
        slot = None if key is None else self._slots.get(key)
        for held in () if slot is None else slot.held:
            if key is not None and held.fingerprint == fingerprint:
                return key, held
        return None

    def clear(self) -> None:
        """Hold nothing any more; what was rejected stays so."""
        self._slots.clear()
        self._keys.clear()

    def reject(self, fingerprint: str, until: float) -> str | None:
        """
        Drop the token with *fingerprint* and hold it no more until then (monotonic seconds).

        Returns the key that it was under, or None.
        """
        self._rejected.put(fingerprint, until)
        key = self._keys.pop(fingerprint, None)
        slot = None if key is None else self._slots.get(key)
        if slot is not None:
            slot.held = [held for held in slot.held if held.fingerprint != fingerprint]
        return key

    def is_rejected(self, fingerprint: str) -> bool:
        """Tell whether *fingerprint* was rejected here and may still be alive."""
        return (self._rejected.get(fingerprint) or 0.0) > self._monotonic()

    def _forgotten(self, key: str, slot: Slot) -> None:
        del key
        for held in slot.held:
            self._keys.pop(held.fingerprint, None)
