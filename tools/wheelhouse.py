"""
Fetch the wheels of the extra ``app`` once per Python, so that tests install without a network.

``python -m tools.wheelhouse`` downloads what requirements/app.txt pins, checked by hash, for the
interpreter that runs it and for Debian 13's; ``python -m tools.wheelhouse 3.12`` for that one.
It prints the folders.
"""

import os
import subprocess
import sys
from pathlib import Path

from tools.cache import kept

PINS = Path(__file__).parents[1] / "requirements" / "app.txt"
DEBIAN13 = "3.13"
# What Debian 12 and 13 can run (glibc 2.36 and up), newest first.
GLIBCS = ("manylinux_2_34", "manylinux_2_28", "manylinux2014")


def wheels(python: str) -> Path:
    """Return a folder with the pinned wheels of ``app`` for CPython *python* on this machine."""
    recipe = f"{python} {os.uname().machine}\n{PINS.read_text()}"
    return kept(f"wheels-{python}", recipe, lambda target: _download(python, target))


def _download(python: str, target: Path) -> None:
    platforms = [f"{glibc}_{os.uname().machine}" for glibc in GLIBCS]
    command = [sys.executable, "-m", "pip", "download", "-qq", "--require-hashes"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command += [f"--platform={platform}" for platform in platforms]
    command += [f"--dest={target}", f"--requirement={PINS}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


if __name__ == "__main__":
    mine = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in sys.argv[1:] or (mine, DEBIAN13):
        print(wheels(version))
