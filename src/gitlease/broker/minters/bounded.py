"""A mapping that forgets what was used longest ago, so that memory stays flat."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """
    At most *most* values by key, the ones that were got or put last.

    *forgotten* is called with each pair that had to go.
    """

    def __init__(self, most: int, forgotten: Callable[[K, V], None] | None = None) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._forgotten = forgotten

    def get(self, key: K) -> V | None:
        """Return the value of *key* and count it as used, or None."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep *value* under *key*."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            oldest = self._values.popitem(last=False)
            if self._forgotten is not None:
                self._forgotten(*oldest)

    def drop(self, key: K) -> None:
        """Forget *key* if it is there."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield all pairs as they are now, without counting them as used."""
        yield from list(self._values.items())

    def __len__(self) -> int:
        return len(self._values)
