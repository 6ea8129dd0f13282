"""Give flows the real thing: the built wheel, on two machines, with two releases of gh."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import missing
from tests.support.installing import build_wheel, dumped, install, loaded, once
from tests.support.machines import SHELLS, Gh, Machine

FLOWS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let flows open sockets, which no other test may."""
    for item in items:
        if item.path.is_relative_to(FLOWS):
            item.add_marker("enable_socket")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the folder that all workers of this run share; machines see it too."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent).resolve()
    if not shared.is_relative_to(tempfile.gettempdir()):
        raise pytest.UsageError(f"--basetemp must lie in {tempfile.gettempdir()}")
    folder = shared / "run"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def wheel(run_folder: Path) -> Path:
    """Return the wheel built from this checkout, once per run."""
    return Path(once(run_folder, "wheel", lambda: str(build_wheel(run_folder))))


@pytest.fixture(params=["host", "debian13"])
def machine(request: pytest.FixtureRequest, run_folder: Path, wheel: Path) -> Iterator[Machine]:
    """Return this machine and then the Debian 13 root, the wheel installed there."""
    name = str(request.param)
    line = once(run_folder, name, lambda: dumped(install(name, wheel, run_folder)))
    given = Machine(loaded(line))
    yield given
    given.close()


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest, machine: Machine) -> list[str]:
    """Return the first words of a command that runs a script in one POSIX shell of *machine*."""
    name = str(request.param)
    return machine.shells.get(name) or missing(f"{name} is not installed on {machine.name}")


@pytest.fixture
def gh_programs(machine: Machine, run_folder: Path) -> dict[str, Gh]:
    """Return the releases of gh on *machine*: ``debian``, its own, and ``current``."""
    current = run_folder / "gh"
    once(run_folder, "gh", lambda: str(shutil.copy(Path(sys.prefix) / "bin" / "gh", current)))
    paths = {"debian": machine.which("gh"), "current": str(current)}
    return {
        name: Gh(path or missing(f"gh is not installed on {machine.name}"), _version(machine, path))
        for name, path in paths.items()
    }


def _version(machine: Machine, gh: str | None) -> tuple[int, int, int]:
    said = machine.run([gh or "gh", "--version"]).stdout.decode()
    major, minor, patch = re.findall(r"\d+", said)[:3]
    return int(major), int(minor), int(patch)
