"""
Make ``.venv`` from requirements/dev.txt, again only when that or the interpreter has changed.

``python3 -m tools.venv`` needs an interpreter with pip and nothing else: pip installs into the
new environment from outside, so Debian's python3 without ensurepip will do.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from tools.cache import locked

CHECKOUT = Path(__file__).parents[1]
VENV = CHECKOUT / ".venv"
PINS = CHECKOUT / "requirements" / "dev.txt"
STAMP = VENV / "made-from"


def recipe() -> str:
    """Return what the environment depends on, as one hash."""
    project = (CHECKOUT / "pyproject.toml").read_text()
    metadata = project[project.index("[project]") : project.index("[tool.")]
    parts = [sys.version, sys.base_prefix, str(VENV), PINS.read_text(), metadata]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def make() -> None:
    """Make the environment if it is absent or its recipe changed; raise CalledProcessError."""
    with locked(f"venv-{hashlib.sha256(bytes(VENV)).hexdigest()[:12]}"):
        if STAMP.exists() and STAMP.read_text() == recipe():
            return
        print(f"making {VENV.name} from {PINS.relative_to(CHECKOUT)}", file=sys.stderr)
        _run("-m", "venv", "--clear", "--without-pip", str(VENV))
        pip = ("-m", "pip", f"--python={VENV}/bin/python", "install", "-qq")
        _run(*pip, "--require-hashes", f"--requirement={PINS}")
        _run(*pip, "--no-deps", "--no-build-isolation", f"--editable={CHECKOUT}")
        # Last, so that an interrupted one is made again.
        STAMP.write_text(recipe())


def _run(*words: str) -> None:
    subprocess.run([sys.executable, *words], check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 (this runs before anything is installed)
        sys.exit(f"gitlease needs Python 3.11 or later, this is {sys.version.split()[0]}")
    make()
