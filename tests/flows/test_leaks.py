"""A secret that comes to light anywhere fails the run, by fingerprint, place and test."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.canaries import forms
from tests.support.environment import CHECKOUT
from tests.support.leaks import leaking

INI = """\
[pytest]
addopts = -p tests.support.leaks.plugin -p no:randomly -p no:cacheprovider --import-mode=importlib
markers = plants(place): as in the project
python_files = *.py
"""
LEAKING = [name for name in vars(leaking) if name.startswith("test_") and "fine" not in name]


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run the leaking tests that *words* choose, as a run of its own; return how it ended."""
    (folder / "pytest.ini").write_text(INI)
    own = ["-c", str(folder / "pytest.ini"), "--rootdir", str(folder)]
    own += ["--basetemp", str(folder / "own")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *own, *words, leaking.__file__],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        timeout=240,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> str:
    code, said = run(tmp_path_factory.mktemp("leaks"), "-n", "2", "-k", "not fine")
    assert re.search(r"\b0 failed|\d+ passed", said), said
    assert "failed" not in said, said
    assert code == 1, said
    return said


@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize("name", LEAKING)
def test_a_leak_is_found_in_each_place(found: str, name: str) -> None:
    place = name.removeprefix("test_").split("_")[0]
    leaks = [line for line in found.splitlines() if line.startswith("LEAKED") and name in line]
    assert leaks, found
    for line in leaks:
        assert re.fullmatch(r"LEAKED .+ [\w+/]{43}= \(\w+\) in .+, during \S.*", line), line
        assert place in line.lower(), line
        assert "glw_" not in line


@pytest.mark.parametrize("form", forms(b"x" * 20))
def test_a_leak_is_found_in_each_form(found: str, form: str) -> None:
    named = f"test_file[{form}]"
    assert any(line.startswith("LEAKED") and named in line for line in found.splitlines()), found


def test_the_emulators_tokens_and_keys_are_looked_for(found: str) -> None:
    assert re.search(r"LEAKED installation token .*/token\.log", found), found
    assert re.search(r"LEAKED App's private key .*/key\.log", found), found


def test_a_secret_in_its_own_place_is_no_leak(tmp_path: Path) -> None:
    code, said = run(tmp_path, "-k", "fine")
    assert (code, "none leaked" in said) == (0, True), said
