"""The sh program and the Python path answer any request alike, under each shell."""

import os
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.evidence import Tried
from tests.support.vectors import ADVISORIES, VECTORS
from tools.compare.pair import Pair
from tools.compare.requests import generate
from tools.compare.rules import may_answer

# Of the generated requests, in an ordinary run and under each shell; `make compare` asks a million.
INPUTS = 600


def test_every_advisory_has_its_vectors() -> None:
    assert {one.advisory for one in VECTORS if one.advisory} == set(ADVISORIES)
    assert len({one.name for one in VECTORS}) == len(VECTORS)


@pytest.mark.guarantee("host")
def test_a_vector_is_answered_as_it_says_by_both(pair: Pair, tried: Tried) -> None:
    """What is not ours gets nothing, and nobody hears of it what was asked."""
    for vector in VECTORS:
        status, _, err = pair.run(vector.data)
        ours = pair.answer(vector.data)
        theirs, line = pair.python_says(vector.data)
        assert (vector.name, status, err, line) == (vector.name, 0, b"", "")
        for answer in (ours, theirs):
            assert (vector.name, b"\npassword=ghs_" in answer) == (vector.name, vector.answered)
            if not vector.answered:
                assert (vector.name, answer) == (vector.name, b"")
            assert set(answer) <= {0x0A, *range(0x20, 0x7F)}
        assert [one for one in vector.secrets if one in ours + theirs + line.encode()] == []
        if vector.answered:
            assert may_answer(vector.data), vector.name
    tried("hostile requests to the credential helper, under each shell", len(VECTORS))


@pytest.mark.guarantee("host")
def test_for_thousands_of_requests_sh_and_python_answer_the_same(pair: Pair, tried: Tried) -> None:
    """And who may not be answered is not, by rules that were written down a second time."""
    random, answered = Random(os.environ.get("PYTEST_XDIST_TESTRUNUID", "")), 0
    for number in range(INPUTS):
        data = generate(random)
        answer = pair.answer(data)
        assert answer == pair.python(data), (number, data)
        if b"ghs_" in answer:
            assert may_answer(data), (number, data)
            answered += 1
    assert answered > INPUTS / 10
    tried("generated requests, asked of the sh helper and of Python", INPUTS)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"")))
@example(b"protocol=https\nhost=github.com\npath=acme/app\\\n\n")
@example(b"protocol=https\nhost=github.com\npath= acme/app \n\n")
@example(b"protocol=https\nhost=github.com\n\xff\xfe=\xff\n\n")
@example(b"protocol=https\nhost=github.com\npath=acme/\xc3\x85\n\n")
def test_any_bytes_are_answered_alike(pair: Pair, data: bytes) -> None:
    """NUL is left out: no shell can see one, and git, whose strings end at one, cannot send it."""
    request = b"protocol=https\nhost=github.com\npath=acme/app\n" + data
    assert pair.answer(data) == pair.python(data)
    assert pair.answer(request) == pair.python(request)
