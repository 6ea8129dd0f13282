"""Somebody on a machine with python3, git and gh, who installs the built wheel by pip."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from gitlease.emulator import GitHub
from tests.support.environment import made_by
from tests.support.machines import PATH, Machine
from tests.support.ordinary_user import AS_USER, give, trust


@dataclass
class Person:
    """Root or an ordinary user (`become` is what makes one) with a home and no more."""

    machine: Machine
    home: Path
    become: list[str]
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, machine: Machine, github: GitHub, *, is_root: bool) -> "Person":
        """Give somebody a home on *machine*, with *github* as their GitHub."""
        home = machine.folder()
        env = {
            "HOME": str(home),
            "PATH": f"{home}/.local/bin:{PATH}",
            "HTTPS_PROXY": github.proxy_url,
            **trust(home, github),
        }
        return cls(machine, home, [] if is_root else AS_USER, env)

    def run(self, *words: str | Path, **env: str) -> tuple[int, str, str]:
        """Run a command in the home; return its exit code and what it wrote."""
        ran = self.machine.run(
            [*self.become, *words], env={**self.env, **env}, cwd=self.home, check=False
        )
        return ran.returncode, ran.stdout.decode(), ran.stderr.decode()

    def bring(self, wheel: Path, *, app: bool) -> None:
        """Let pip find *wheel*, and what its extra ``app`` needs, at home and nowhere else."""
        wheels = self.home / "wheels"
        wheels.mkdir()
        kept = Path(made_by("wheelhouse", "3.13")).iterdir() if app else []
        for file in [wheel, *kept]:
            shutil.copy(file, wheels)
        if self.become:
            give(self.home)
        self.env |= {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_NO_CACHE_DIR": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
            "PIP_NO_WARN_SCRIPT_LOCATION": "0",
            # The system itself is not to be written to.
            "PIP_BREAK_SYSTEM_PACKAGES": "1",
            "PIP_USER": "1",
        }
