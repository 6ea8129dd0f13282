"""A person who runs `gitlease doctor`, breaks something, and does what the cure says."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.workspaces import Workspace

Act = Callable[["Ward"], None]


@dataclass
class Ward:
    """A *workspace* and a repository in it, with what a case needs to remember."""

    workspace: Workspace
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def repository(self) -> Path:
        """A repository whose remote is on our host."""
        folder = self.workspace.home / "app"
        if not folder.exists():
            self.workspace.git("init", "--quiet", str(folder))
            self.git("remote", "add", "origin", "https://github.com/acme/app")
        return folder

    def git(self, *words: str) -> None:
        """Run git in the repository."""
        self.workspace.git("-C", str(self.workspace.home / "app"), *words)

    def configure(self, *words: str) -> None:
        """Change the repository's own config."""
        _ = self.repository
        self.git("config", *words)

    def doctor(self) -> dict[str, dict[str, str]]:
        """Run the doctor in the repository; return findings and notes by their kind."""
        machine, env = self.workspace.machine, self.workspace.env
        ran = machine.run(
            [machine.gitlease, "doctor", "--json"], env=env, cwd=self.repository, check=False
        )
        assert ran.stderr == b"", ran.stderr
        said = json.loads(ran.stdout)
        assert ran.returncode == (1 if said["findings"] else 0)
        assert said["healthy"] == (not said["findings"])
        return {one["kind"]: one for one in said["findings"] + said["notes"]}

    def findings(self) -> dict[str, dict[str, str]]:
        """Run the doctor; return what has to be mended, by its kind."""
        return {kind: one for kind, one in self.doctor().items() if one["severity"] != "note"}

    def follow(self, cure: str) -> None:
        """Do to the letter what *cure* says."""
        if cure.startswith("unset "):
            for name in re.findall(r"[A-Z][A-Z_]+", cure):
                # Not by taking it out: a machine has values of its own.
                self.workspace.env[name] = None  # type: ignore[assignment]
        elif named := re.match(r"run `gitlease ([^`]*)`", cure):
            self.workspace.gitlease(*named[1].split())
        else:
            assert re.match(r"(git|rm|chmod|kill) ", cure), cure
            self.workspace.machine.run(["sh", "-c", cure], env=self.workspace.env)
