"""The installation as a function: typed, lazy, never an exception."""

import subprocess
import sys
from pathlib import Path

import pytest

import gitlease


def test_it_installs_and_returns_a_report(home: Path) -> None:
    report = gitlease.install_credential_helper({"HOME": str(home)}, offline=True)
    assert isinstance(report, gitlease.Report)
    assert [line.state for line in report.lines] == ["done"] * 5
    assert (home / ".gitconfig").exists()


def test_what_is_wrong_is_in_the_report(home: Path) -> None:
    # Without either, the password database would lead to the folder of whoever runs the tests.
    no_home = {"GITLEASE_HOME": str(home / "ours")}
    for env in (no_home, {"HOME": str(home), "GITLEASE_HOST": "a b"}, {"HOME": "relative"}):
        assert gitlease.install_credential_helper(env, offline=True).failed


def test_options_are_remembered(home: Path) -> None:
    env = {"HOME": str(home)}
    gitlease.install_credential_helper(env, scope="env", rewrite_ssh=True, offline=True)
    report = gitlease.install_credential_helper(env, offline=True)
    assert (report.lines[-1].step, report.lines[-1].state) == ("git", "skipped")
    text = (home / ".local/state/gitlease/settings.toml").read_text()
    assert 'scope = "env"\nrewrite_ssh = "true"\n' in text


def test_the_package_itself_imports_nothing() -> None:
    """It is on the path of every command."""
    path = str(Path(gitlease.__file__).parents[1])
    code = f"""
import sys
sys.path.insert(0, {path!r})
before = set(sys.modules)
import gitlease
print(sorted(set(sys.modules) - before))
"""
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=True)
    assert ran.stdout.decode().strip() == "['gitlease']"
    with pytest.raises(AttributeError):
        _ = gitlease.nothing
