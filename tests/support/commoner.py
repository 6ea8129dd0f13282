"""An ordinary user with the system's Python and a copy of gitlease that every user can read."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import gitlease
from tests.support.machines import PATH
from tests.support.strangers import PYTHON

_BECOME = "import os, sys; n = int(sys.argv[1]); os.setgroups([]); os.setgid(n); os.setuid(n); "
_BECOME += "os.umask(0o022); os.execv(sys.argv[2], sys.argv[2:])"


@dataclass
class Commoner:
    """The user *uid* (0 for root), whose commands run with *env* and with gitlease in *place*."""

    uid: int
    place: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, place: Path, uid: int, home: Path) -> "Commoner":
        """Give the user *uid* the folder *home* and a gitlease in *place*."""
        package = place / "site" / "gitlease"
        if not package.exists():
            given = Path(gitlease.__file__).parent
            shutil.copytree(given, package, ignore=shutil.ignore_patterns("__pycache__"))
            subprocess.run(["chmod", "-R", "a+rX", place / "site"], check=True)
        home.mkdir(mode=0o755, exist_ok=True)
        shutil.chown(home, uid, uid)
        return cls(uid, place, {"HOME": str(home), "PATH": PATH, "LANG": "C.UTF-8"})

    def gitlease(
        self, *words: str, data: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run gitlease with *words*."""
        main = self.place / "site" / "gitlease" / "__main__.py"
        return self.run(PYTHON, "-I", "-S", main, *words, data=data, env=env)

    def run(
        self, *words: str | Path, data: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as that user, with *env* added; fail if it takes over a minute."""
        return subprocess.run(
            [PYTHON, "-c", _BECOME, str(self.uid), *words],
            env={**self.env, **(env or {})},
            input=data,
            capture_output=True,
            cwd="/",
            timeout=60,
            check=False,
        )
