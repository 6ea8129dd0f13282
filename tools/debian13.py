"""
Make a Debian 13 root: the second git that the flows run on.

Debian 12 has git 2.39, which knows neither ``password_expiry_utc`` nor ``state``; Debian 13 has
2.47, which knows both.  ``python3 -m tools.debian13`` makes the root if it is absent (a minute,
root only) and prints its path.  docs/decisions/0002-two-gits.md says why it is a chroot.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import apt_sources, cache
from tools.apt_sources import UnavailableError
from tools.cache import kept

SUITE = "trixie"
PACKAGES = (
    "busybox",
    "ca-certificates",
    "gh",
    "git",
    "git-lfs",
    "procps",
    "python3",
    "python3-pip",
    "strace",
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Part of the recipe: a change here must reach the roots that exist.
EDITION = 1


def root() -> Path:
    """Return the root's folder, made if it is absent; raise UnavailableError if it cannot be."""
    if os.geteuid() != 0:
        raise UnavailableError("the Debian 13 root needs uid 0 (debootstrap, chroot)")
    recipe = f"{EDITION} {SUITE} {' '.join(PACKAGES)} {os.uname().machine}"
    return kept("debian13", recipe, _build)


def _build(target: Path) -> None:
    log = cache.folder() / "debian13.log"
    with tempfile.NamedTemporaryFile("w", suffix=".wgetrc") as wgetrc:
        environment = dict(os.environ, **apt_sources.network(Path(wgetrc.name)))
        # Mounts that debootstrap makes die with its own namespace, however it ends.
        command = ["unshare", "--mount", "--propagation", "private"]
        command += ["debootstrap", "--variant=minbase", f"--keyring={KEYRING}"]
        command += [f"--include={','.join(PACKAGES)}", SUITE, str(target), apt_sources.mirror()]
        print(f"making the Debian 13 root, about a minute (log: {log})", file=sys.stderr)
        with log.open("w") as out:
            done = subprocess.run(
                command,
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-1:]
        raise UnavailableError(f"debootstrap failed, see {log}: {' '.join(tail)}")
    # The root is for programs that talk to loopback: no name server of the machine.
    (target / "etc" / "resolv.conf").write_text("")
    (target / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")


if __name__ == "__main__":
    try:
        print(root())
    except UnavailableError as reason:
        sys.exit(str(reason))
