"""Each row of the threat model names the one test that shows it, and that test is there."""

import ast
import re

import pytest

from tests.support.environment import CHECKOUT

PAGE = (CHECKOUT / "docs/threat-model.md").read_text()
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (?!---|this \||as \|)", line)]
TEST = re.compile(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)")


def test_every_table_is_read() -> None:
    assert len(ROWS) == sum(len(TEST.findall(line)) for line in PAGE.splitlines())
    assert len(ROWS) > 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(" | ")[0].strip("| "))
def test_a_row_names_one_test_that_exists(row: str) -> None:
    [(name, file)] = TEST.findall(row)
    tree = ast.parse((CHECKOUT / file).read_text())
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_no_two_rows_claim_the_same_thing() -> None:
    claims = [row.split(" | ")[0] for row in ROWS]
    assert len(claims) == len(set(claims))
