"""
Install the system programs that the tests use, where that is possible.

``python3 -m tools.system`` asks apt as root; elsewhere it says in one line what is missing, and
the tests that need it are skipped (or fail with CI=true).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from tools.cache import folder, locked

# program -> Debian package
PROGRAMS = {
    "bash": "bash",
    "busybox": "busybox",
    "curl": "curl",
    "dash": "dash",
    "debootstrap": "debootstrap",
    "gh": "gh",
    "git": "git",
    "git-lfs": "git-lfs",
    "locale-gen": "locales",
    "node": "nodejs",
    "npm": "npm",
    "postgres": "postgresql",
    "strace": "strace",
    "systemd-analyze": "systemd",
    "unshare": "util-linux",
}


def path() -> str:
    """
    Return where programs are looked for.

    A user's PATH need not name the folders of debootstrap and others; and Debian keeps a
    PostgreSQL server in a folder of its release.
    """
    servers = map(str, Path("/usr/lib/postgresql").glob("*/bin"))
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *servers])


def absent() -> list[str]:
    """Return the programs that are not installed."""
    return [program for program in PROGRAMS if not shutil.which(program, path=path())]


def install(packages: Collection[str]) -> None:
    """Install *packages* by apt; raise CalledProcessError if apt fails."""
    with locked("apt"), (folder() / "apt.log").open("w") as log:
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        options = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        for words in (["update"], ["install", "-y", "--no-install-recommends", *sorted(packages)]):
            subprocess.run(
                [*options, *words],
                check=True,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def main() -> None:
    """Install what is absent, or say what is."""
    if absent() and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {', '.join(absent())}", file=sys.stderr)
        try:
            install({PROGRAMS[program] for program in absent()})
        except subprocess.CalledProcessError as failed:
            print(f"apt-get failed ({failed.returncode}), see {folder()}/apt.log", file=sys.stderr)
    if absent():
        print(f"missing, so their tests are skipped: {', '.join(absent())}", file=sys.stderr)


if __name__ == "__main__":
    main()
