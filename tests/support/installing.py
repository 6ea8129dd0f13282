"""
Put the built wheel on a machine, once per test run, for any number of workers.

What is tested is what a user gets: the wheel, with its extra ``app``, in a venv of its own.
"""

import fcntl
import json
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.support.environment import made_by, python_module
from tests.support.machines import Installed, Machine


def once(folder: Path, name: str, make: Callable[[], str]) -> str:
    """Return what *make* returned to the first worker that asked for *name* in *folder*."""
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / f"{name}.made"
        if not kept.exists():
            kept.write_text(make())
        return kept.read_text()


def build_wheel(folder: Path) -> Path:
    """Build the checkout's wheel into *folder*."""
    python_module("hatchling", "build", "--target", "wheel", "--directory", str(folder))
    [wheel] = folder.glob("*.whl")
    return wheel


def install(name: str, wheel: Path, folder: Path) -> Installed:
    """
    Install *wheel* in a venv below *folder* on the machine *name*.

    Where the Debian 13 root cannot be made, the test is skipped, or with CI=true failed.
    """
    root = debian13_root() if name == "debian13" else None
    python = "/usr/bin/python3" if root else sys.executable
    venv = Path(tempfile.mkdtemp(dir=folder, prefix=f"{name}-"))
    bare = Machine(Installed(name, root, (0, 0, 0), python, ""))
    try:
        version = _git_version(bare)
        release = bare.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
        wheels = venv / "wheels"
        # The machine sees only the folder for temporary files.
        kept = made_by("wheelhouse", release.stdout.decode().strip())
        wheels.mkdir()
        for file in [wheel, *Path(kept).iterdir()]:
            (wheels / file.name).write_bytes(file.read_bytes())
        bare.run([python, "-m", "venv", "--without-pip", venv])
        pip = [python, "-m", "pip", f"--python={venv}/bin/python", "install", "--quiet"]
        quiet = ["--disable-pip-version-check", "--root-user-action=ignore", "--no-cache-dir"]
        offline = ["--no-index", f"--find-links={wheels}"]
        bare.run([*pip, *quiet, *offline, "gitlease[app]"], timeout=120)
    finally:
        bare.close()
    bin_ = venv / "bin"
    return Installed(name, root, version, str(bin_ / "python"), str(bin_ / "gitlease"))


def dumped(installed: Installed) -> str:
    """Return *installed* as a line for `loaded`."""
    return json.dumps(asdict(installed), default=str)


def loaded(line: str) -> Installed:
    """Return what `dumped` wrote."""
    fields = json.loads(line)
    root = fields["root"] and Path(fields["root"])
    return Installed(**fields | {"root": root, "git_version": tuple(fields["git_version"])})


def debian13_root() -> Path:
    """Return the Debian 13 root, with the folder for temporary files as a place to mount on."""
    root = Path(made_by("debian13"))
    (root / tempfile.gettempdir().lstrip("/")).mkdir(parents=True, exist_ok=True)
    return root


def _git_version(machine: Machine) -> tuple[int, int, int]:
    said = machine.run(["git", "--version"]).stdout.decode()
    major, minor, patch = re.findall(r"\d+", said)[:3]
    return int(major), int(minor), int(patch)
