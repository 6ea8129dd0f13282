"""A shell with our gh on PATH, and the real one behind it."""

import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import gitlease
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks, folders
from gitlease.workspace.cache import Cache
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.shim import Shim
from gitlease.workspace.settings import Settings
from gitlease.workspace.shell import templates

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}


FRESH = "ghs_fresh"


MAIN = Path(gitlease.__file__).parent / "__main__.py"


# Prints what it was called with, and what it was given.
GH = """\
#!/bin/sh
printf '<%s>' "$0" "$@"
echo
env | grep -E '^(GH|GITHUB)_|_gitlease|^IFS' | sort
cat
"""


def install(made: Settings) -> Settings:
    Folders(made).do()
    text = templates.credential_helper(made, python=sys.executable, main=MAIN)
    folders.write_whole(made.helper, text.encode(), mode=0o700)
    assert Shim(made).do()[0] == "done"
    return made


def keep(mine: Settings, name: str, secret: str = FRESH) -> None:
    now = time.time()
    token = Token(Secret(secret), now + 3600, now, source="test")
    Cache(mine).put(name, token, clocks.read(), for_all=False)


def put_gh(folder: Path, text: str = GH) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "gh"
    path.write_text(text)
    path.chmod(0o755)
    return path


def put_program(path: Path, code: str) -> None:
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o700)


@dataclass
class Desk:
    """A person's shell, with our gh first on PATH and the real one somewhere behind it."""

    shell: list[str]
    settings: Settings
    real: Path
    path: list[Path] = field(default_factory=list)
    program: Path | None = None

    def run(self, *words: str, **env: str) -> tuple[str, str, int]:
        """Return what gh printed, what was said on stderr, and the exit code."""
        path = ":".join([*map(str, self.path), "/usr/bin", "/bin"])
        ran = subprocess.run(
            [*self.shell, self.program or self.settings.shim, *words],
            env={"PATH": path, "HOME": str(self.real.parent.parent)} | env,
            cwd=self.real.parent.parent,
            input="stdin",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ran.stdout, ran.stderr, ran.returncode

    def sees(self, **env: str) -> dict[str, str]:
        """Return the variables that the real gh gets."""
        out, err, code = self.run("x", **env)
        assert (err, code) == ("", 0)
        lines = out.splitlines()
        assert (lines[0], lines[-1]) == (f"<{self.real}><x>", "stdin")
        return dict(line.split("=", 1) for line in lines[1:-1])
