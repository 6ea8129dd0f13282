"""The evidence speaks of the README's guarantees, of all of them and of no others."""

import re
from pathlib import Path

from tests.support.evidence import GUARANTEES

ROOT = Path(__file__).parents[2]


def test_every_guarantee_of_the_readme_has_a_name() -> None:
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## Guarantees")[1].split("\n## ")[0]
    assert re.findall(r"^\* \*\*(.+?)\*\*", section, re.MULTILINE) == list(GUARANTEES.values())
