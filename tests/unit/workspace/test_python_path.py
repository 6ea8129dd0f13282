"""What the installation could import, a Python without site-packages can import too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitlease.workspace import python_path
from tests.support.parts import settings

SOURCE = Path(python_path.__file__).parents[2]
LOOK = """
import sys
from pathlib import Path
sys.path.append(sys.argv[1])
from gitlease.workspace import python_path
python_path.extend(Path(sys.argv[2]))
import odd_package
print(odd_package.__file__)
"""


@pytest.fixture
def packages(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder like PYTHONPATH's, with a package that no site-packages has."""
    folder = home / "my packages"
    (folder / "odd_package").mkdir(parents=True)
    (folder / "odd_package" / "__init__.py").touch()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(python_path, "PACKAGES", ("odd_package", "not_there"))
    return folder


@pytest.fixture
def ours(home: Path) -> Path:
    folder = settings(home).home
    folder.mkdir(mode=0o700)
    return folder


def look(ours: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", "-S", "-c", LOOK, str(SOURCE), str(ours)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_package_on_the_path_of_the_installation_is_found_by_the_helper(
    packages: Path, ours: Path
) -> None:
    assert look(ours).returncode != 0
    assert python_path.note(ours)
    assert not python_path.note(ours)
    assert look(ours).stdout == f"{packages}/odd_package/__init__.py\n"


@pytest.mark.parametrize("mode", [0o644, 0o620])
@pytest.mark.usefixtures("packages")
def test_a_note_that_others_could_see_or_write_is_not_believed(ours: Path, mode: int) -> None:
    python_path.note(ours)
    (ours / "run" / "python-path").chmod(mode)
    assert look(ours).returncode != 0


def test_the_folder_that_one_happens_to_be_in_is_not_noted(
    packages: Path, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(packages)
    python_path.note(ours)
    assert (ours / "run" / "python-path").read_text() == ""


def test_who_is_in_a_folder_that_is_gone_can_install(
    packages: Path, home: Path, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = home / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    python_path.note(ours)
    assert (ours / "run" / "python-path").read_text() == f"{packages}\n"


def test_a_python_with_site_packages_is_left_as_it_is(packages: Path, ours: Path) -> None:
    python_path.note(ours)
    before = list(sys.path)
    python_path.extend(ours)
    assert sys.path == before
    assert os.fspath(packages) in before
