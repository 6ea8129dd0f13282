"""The threat model names tests that are there."""

import re

import pytest

from tests.support.environment import CHECKOUT

PAGE = (CHECKOUT / "docs/threat-model.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line][1:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(" | ")[0].strip("| "))
def test_each_row_names_tests_that_exist(row: str) -> None:
    named = re.findall(r"`(tests/[\w/.]+\.py)`", row.rpartition(" | ")[2])
    assert named
    assert [name for name in named if not (CHECKOUT / name).is_file()] == []
