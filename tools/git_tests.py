"""
Keep git's own test of credential helpers (t0303) from Debian's source package of git.

``python -m tools.git_tests`` fetches it by apt once (8 MB, seconds) and prints the folder: the test
scripts alone, which run on an installed git; nothing is compiled.  GIT_SRC names a source tree of
one's own instead.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tools import apt_sources
from tools.apt_sources import UnavailableError
from tools.cache import kept
from tools.debian13 import KEYRING, SUITE

# What t0303 is made of, in the folder `t` of a source tree.
_SCRIPT = "t0303-credential-external.sh"
_PARTS = (_SCRIPT, "lib-credential.sh", "test-lib.sh", "test-lib-functions.sh")
EDITION = 1


def scripts() -> Path:
    """Return a folder with git's scripts; raise UnavailableError if they cannot be had."""
    if chosen := os.environ.get("GIT_SRC"):
        folder = Path(chosen) / "t"
        if not (folder / _SCRIPT).exists():
            raise UnavailableError(f"GIT_SRC={chosen} is no source tree of git")
        return folder
    if not KEYRING.exists():
        raise UnavailableError(f"{KEYRING} is not there, by which Debian's sources are checked")
    return kept("git-tests", f"{EDITION} {SUITE}", _build)


def _build(target: Path) -> None:
    entry = f"deb-src [signed-by={KEYRING}] {apt_sources.mirror()} {SUITE} main\n"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "lists" / "partial").mkdir(parents=True)
        (place / "sources.list").write_text(entry)
        options = {
            "Dir::Etc::SourceList": place / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": place / "lists",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            # Its own user may not write here.
            "APT::Sandbox::User": "root",
        }
        apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
        try:
            for words in (["update"], ["source", "--download-only", "git"]):
                subprocess.run(
                    [*apt, *words],
                    check=True,
                    cwd=place,
                    stdin=subprocess.DEVNULL,
                    stdout=sys.stderr,
                )
        except (OSError, subprocess.CalledProcessError) as failed:
            raise UnavailableError(f"git's source package cannot be fetched: {failed}") from None
        _unpack(next(place.glob("git_*.orig.tar.*")), target)


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as whole:
        for member in whole:
            _, _, name = member.name.partition("/t/")
            content = whole.extractfile(member)
            if content is not None and (name in _PARTS or name.startswith("oid-info/")):
                (target / name).parent.mkdir(exist_ok=True)
                (target / name).write_bytes(content.read())


if __name__ == "__main__":
    try:
        print(scripts())
    except UnavailableError as reason:
        sys.exit(str(reason))
