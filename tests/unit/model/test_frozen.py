"""A value is what it was made as, and shows no more than it may."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from gitlease.model.frozen import Frozen, fields, replace

if TYPE_CHECKING:
    from collections.abc import Mapping


class Parcel(Frozen, hidden=("key", "tags")):
    key: str
    weight: int
    tags: Mapping[str, str] = MappingProxyType({})
    sender: str = "acme"

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError("it weighs less than nothing")

    @property
    def heavy(self) -> bool:
        return self.weight > 10


class Other(Frozen):
    key: str
    weight: int


PARCEL = Parcel("canary", 3)


def test_fields_are_given_by_place_or_by_name() -> None:
    assert PARCEL == Parcel(key="canary", weight=3) == Parcel("canary", weight=3, sender="acme")
    assert (PARCEL.key, PARCEL.weight, PARCEL.tags, PARCEL.sender) == ("canary", 3, {}, "acme")
    assert not PARCEL.heavy


def test_the_fields_are_the_annotations_in_their_order() -> None:
    assert fields(Parcel) == ("key", "weight", "tags", "sender")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        (("k",), {}),
        ((), {"weight": 1}),
        (("k", 1), {"colour": "red"}),
        (("k", 1, {}, "a", "b"), {}),
        (("k", 1, {}, "a", "b", "c", "d"), {"colour": "red"}),
    ],
)
def test_what_is_missing_or_unknown_is_an_error(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match="Parcel takes key, weight, tags, sender"):
        Parcel(*values, **named)


def test_a_value_does_not_change() -> None:
    with pytest.raises(AttributeError, match="weight"):
        PARCEL.weight = 4  # type: ignore[misc]
    with pytest.raises(AttributeError, match="weight"):
        del PARCEL.weight
    with pytest.raises(AttributeError, match="colour"):
        PARCEL.colour = "red"
    assert Parcel("canary", 3) == PARCEL


def test_what_does_not_go_together_is_refused_however_it_came_about() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        Parcel("k", -1)
    with pytest.raises(ValueError, match="less than nothing"):
        replace(PARCEL, weight=-1)


def test_equal_values_are_equal_and_others_are_not() -> None:
    assert replace(PARCEL, weight=4) != PARCEL
    assert Other("canary", 3) not in (PARCEL, ("canary", 3))
    assert {Other("a", 1): "found"}[Other("a", 1)] == "found"


def test_a_changed_value_is_another_one() -> None:
    assert replace(PARCEL, weight=30, sender="me") == Parcel("canary", 30, {}, "me")
    assert PARCEL.weight == 3
    with pytest.raises(TypeError):
        replace(PARCEL, colour="red")


def test_what_is_hidden_is_not_shown() -> None:
    assert repr(PARCEL) == "Parcel(weight=3, sender='acme')"
