"""A request is read to its end, however it is cut on its way to us."""

import os
import select
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.workspace.helper import read_input

WHOLE = b"protocol=https\nhost=github.com\npath=acme/app\n\n"


def read(*chunks: bytes) -> bytes | None:
    """Return what is read if *chunks* arrive one by one and then no more, with nobody closing."""
    coming = list(chunks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "read", lambda *_: coming.pop(0))
        patch.setattr(select, "select", lambda *_: ([0] if coming else [], [], []))
        return read_input(0)


@given(st.lists(st.integers(1, len(WHOLE) - 1), unique=True).map(sorted))
def test_a_request_is_read_whole_wherever_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *cuts, len(WHOLE)]
    chunks = [WHOLE[a:b] for a, b in pairwise(edges)]
    assert read(*chunks) == WHOLE


def test_the_end_of_input_ends_a_request() -> None:
    assert (
        read(b"protocol=https\n", b"host=github.com\n", b"") == b"protocol=https\nhost=github.com\n"
    )
    assert read(b"") == b""


def test_an_empty_request_is_whole() -> None:
    assert read(b"\n") == b"\n"


def test_a_request_that_does_not_end_is_none() -> None:
    assert read(b"protocol=https\n") is None


def test_input_without_end_is_not_collected_for_ever() -> None:
    assert read(*[b"a" * 10_000_000] * 10) is None
