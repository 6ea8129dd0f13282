"""What fuzzing has found, and what it starts from, holds in each ordinary run."""

import importlib
from pathlib import Path

import pytest

from tests.support.evidence import Tried
from tools.fuzz.engine import TARGETS

CORPUS = Path(__file__).parents[1] / "corpus"


def test_every_corpus_has_a_target_and_each_target_a_corpus() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_found_once_is_no_defect_any_more(target: str, tried: Tried) -> None:
    """Each harness states what must hold of any input; `make fuzz` looks for more."""
    harness = importlib.import_module(f"tools.fuzz.{target}")
    inputs = sorted((CORPUS / target).iterdir())
    for one in inputs:
        try:
            harness.check(one.read_bytes())
        except Exception as error:
            error.add_note(str(one))
            raise
    tried(f"kept inputs of fuzzing: {target}", len(inputs))
