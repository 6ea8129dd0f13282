"""
Values that do not change: a class of them names its fields, as a frozen dataclass does.

git waits for each fetch, and a quarter of what one cost here went into `dataclasses`: it is slow to
load, and it compiles the methods of every class anew in every process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Collection

_Value = TypeVar("_Value", bound="Frozen")
_MISSING: Any = object()


@dataclass_transform(frozen_default=True)
class Frozen:
    """
    The base of a value: the annotations of its class are its fields, in that order.

    A default is shared by all values that have it, so it must not change either.  Values are equal
    if their class and their fields are.  The fields *hidden* are not shown by `repr`.
    """

    _blank: ClassVar[dict[str, Any]] = {}
    _needed: ClassVar[int] = 0
    _hidden: ClassVar[Collection[str]] = ()

    def __init_subclass__(cls, *, hidden: Collection[str] = ()) -> None:
        cls._blank = {name: cls.__dict__.get(name, _MISSING) for name in cls.__annotations__}
        cls._needed = list(cls._blank.values()).count(_MISSING)
        cls._hidden = hidden

    def __init__(self, *values: Any, **named: Any) -> None:
        blank, state = self._blank, self.__dict__
        state.update(blank)
        if values:
            state.update(zip(blank, values, strict=False))
        if named:
            state.update(named)
        # A field that is given twice is for the type checker to find.
        missing = len(values) < self._needed and _MISSING in state.values()
        if missing or not len(values) <= len(blank) == len(state):
            raise TypeError(f"{type(self).__name__} takes {', '.join(blank)}")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Raise an error if the fields do not go together."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} does not change")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} stays")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    def __repr__(self) -> str:
        shown = [
            f"{name}={value!r}" for name, value in self.__dict__.items() if name not in self._hidden
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def fields(kind: type[Frozen]) -> tuple[str, ...]:
    """Return the names of the fields of *kind*."""
    return tuple(kind.__annotations__)


def replace(value: _Value, **changes: Any) -> _Value:
    """Return *value* with some of its fields changed."""
    return type(value)(**{**value.__dict__, **changes})
