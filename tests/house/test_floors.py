"""The contracts of pyproject.toml hold, and every one of them can fail."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import CHECKOUT

LINT_IMPORTS = Path(sys.prefix) / "bin" / "lint-imports"
ONE_WAY = "Imports go one way"
WITNESS = "The emulator is an independent witness"


def lint_imports(src: Path) -> dict[str, str]:
    """Return each contract's name and whether *src* keeps it: KEPT or BROKEN."""
    config = f"--config={CHECKOUT / 'pyproject.toml'}"
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo", config],
        check=False,
        cwd=src,
        capture_output=True,
        text=True,
    )
    row = re.compile(r"^(.+) (KEPT|BROKEN)(?: \(\d+ ignored imports?\))?$", re.MULTILINE)
    verdicts = dict(row.findall(done.stdout))
    assert verdicts, done.stdout + done.stderr
    return verdicts


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of src that a test may spoil."""
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(CHECKOUT / "src", tmp_path / "src", ignore=ignore))


def test_the_house_keeps_its_contracts() -> None:
    assert lint_imports(CHECKOUT / "src") == {ONE_WAY: "KEPT", WITNESS: "KEPT"}


@pytest.mark.parametrize(
    ("where", "line", "broken"),
    [
        ("model/new.py", "import gitlease.github", ONE_WAY),
        ("github/new.py", "import gitlease.workspace", ONE_WAY),
        ("workspace/new.py", "import gitlease.emulator", ONE_WAY),
        ("broker/new.py", "import gitlease.workspace", ONE_WAY),
        ("workspace/new.py", "import gitlease.broker.new", ONE_WAY),
        ("attic/new.py", "", ONE_WAY),
        ("emulator/new.py", "import gitlease.model", WITNESS),
        ("emulator/new.py", "def later():\n    import gitlease.github", WITNESS),
    ],
)
def test_a_contract_can_fail(copy: Path, where: str, line: str, broken: str) -> None:
    """A forbidden import, or a room without a floor, is found, inside a function too."""
    for name in {where, "broker/new.py"}:
        file = copy / "gitlease" / name
        file.parent.mkdir(exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.touch()
    (copy / "gitlease" / where).write_text(line + "\n")
    verdicts = lint_imports(copy)
    assert [name for name, verdict in verdicts.items() if verdict == "BROKEN"] == [broken]
