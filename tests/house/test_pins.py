"""What is installed is what pyproject.toml asks for: exact versions, by hash, from anywhere."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.environment import CHECKOUT

REQUIREMENTS = CHECKOUT / "requirements"
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


def pins(file: Path) -> dict[str, str]:
    """Return each pinned package's version."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", file.read_text(), re.MULTILINE))


def test_all_that_the_project_names_is_pinned_within_its_bounds() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [Requirement(one) for extra in extras.values() for one in extra]
    asked += [Requirement(one) for one in PROJECT["dependency-groups"]["dev"]]
    asked = [one for one in asked if one.name != "gitlease"]
    pinned = pins(REQUIREMENTS / "dev.txt")
    assert {one.name: str(one.specifier) for one in asked if one.name not in pinned} == {}
    assert [str(one) for one in asked if pinned[one.name] not in one.specifier] == []


def test_the_wheels_for_the_machines_are_the_pinned_ones() -> None:
    assert pins(REQUIREMENTS / "app.txt").items() <= pins(REQUIREMENTS / "dev.txt").items()


def test_every_pin_is_held_by_a_hash_and_not_by_an_address() -> None:
    for file in REQUIREMENTS.glob("*.txt"):
        text = file.read_text()
        assert "://" not in text
        assert all("--hash=sha256:" in pin for pin in re.split(r"\n(?=\S)", text))
    lock = (REQUIREMENTS / "node" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')


def test_the_workspace_side_brings_no_package_along() -> None:
    assert PROJECT["project"]["dependencies"] == []


def test_every_ignored_rule_has_its_reason_beside_it() -> None:
    settings = (CHECKOUT / "pyproject.toml").read_text()
    lint = settings[settings.index("[tool.ruff.lint]") : settings.index("[tool.mypy]")]
    ignored = [line for line in lint.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert ignored
    assert [line for line in ignored if not re.search(r"# \w+", line)] == []
