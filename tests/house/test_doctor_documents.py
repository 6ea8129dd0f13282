"""The doctor's page has a row for each finding, and the flows produce every one."""

import re
from pathlib import Path

from gitlease.workspace.doctor.findings import KINDS

CHECKOUT = Path(__file__).parents[2]


def test_every_finding_is_on_the_page_with_its_severity() -> None:
    page = (CHECKOUT / "docs/reference/doctor.md").read_text()
    rows = re.findall(r"^\| `([\w-]+)` \| (\w+) \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    assert rows == list(KINDS.items())


def test_every_finding_is_looked_for_by_a_check() -> None:
    code = "".join(
        file.read_text()
        for file in (CHECKOUT / "src/gitlease/workspace/doctor").glob("*.py")
        if file.name != "findings.py"
    )
    assert {kind for kind in KINDS if f'"{kind}"' not in code} == set()


def test_every_finding_is_produced_in_a_flow() -> None:
    files = (CHECKOUT / "tests/flows/workspace").glob("test_doctor*.py")
    text = "".join(file.read_text() for file in files)
    assert {kind for kind in KINDS if f'"{kind}"' not in text} == set()
