"""The evidence speaks of the README's guarantees, of all of them and of no others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.evidence import GUARANTEES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "evidence.md"
SUITE = """
import pytest

@pytest.mark.guarantee("scope")
@pytest.mark.parametrize("case", [1, 2])
def test_holds(case, tried, survived):
    tried("requests", 1000)
    survived("disk full")

def test_other(): pass
"""


def test_every_guarantee_of_the_readme_has_a_name() -> None:
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## Guarantees")[1].split("\n## ")[0]
    assert re.findall(r"^\* \*\*(.+?)\*\*", section, re.MULTILINE) == list(GUARANTEES.values())


def test_a_run_writes_down_what_its_workers_have_shown(tmp_path: Path) -> None:
    found = run(tmp_path, SUITE, "1").read_text()
    assert "3 tests passed" in found
    section = found.split("### A scope is never widened\n")[1].split("###")[0]
    assert re.search(r"\[`test_holds`\]\(\S+test_it.py\) \| 2 \|", section)
    assert re.search(r"\| requests \| 2,000 \| \[`test_holds`\]", found)
    assert re.search(r"\| disk full \| \[`test_holds`\]", found)
    assert "## The figures" in found


def test_the_page_can_be_made_where_it_is_already() -> None:
    """A file that is there, as a word of its own, would be the only place to look for tests."""
    makefile = (ROOT / "Makefile").read_text()
    assert f"--evidence={PAGE.relative_to(ROOT)}\n" in makefile


def test_a_run_with_a_failure_shows_nothing(tmp_path: Path) -> None:
    assert not run(tmp_path, SUITE + "\ndef test_fails(): assert 0\n", "0").exists()


def test_a_guarantee_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert not run(tmp_path, SUITE.replace('"scope"', '"scopes"'), "0").exists()


def run(folder: Path, suite: str, workers: str) -> Path:
    """Run *suite* with the plugin; return where its page is, if it wrote one."""
    (folder / "test_it.py").write_text(suite)
    page = folder / "evidence.md"
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, f"--evidence={page}"]
    plugin = [
        "-p",
        "tests.support.evidence",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    subprocess.run(
        [*command, *plugin, f"--rootdir={folder}", str(folder / "test_it.py")],
        check=False,
        cwd=ROOT,
        capture_output=True,
        timeout=120,
    )
    return page


@pytest.mark.skipif(not PAGE.exists(), reason="it is made by `make evidence`")
def test_the_page_names_tests_that_are_there() -> None:
    listed = re.findall(r"\[`(test_\w+)`\]\(\.\./(\S+)\)", PAGE.read_text())
    assert listed
    missing = [
        f"{file}::{name}"
        for name, file in listed
        if f"def {name}(" not in (ROOT / file).read_text()
    ]
    assert missing == []
