"""A workspace for a test: a home on a machine, with the emulated GitHub before it."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from gitlease.emulator import GitHub
from gitlease.model.frozen import replace
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache, Record
from gitlease.workspace.settings import load
from tests.support.machines import Machine

HOST = "github.com"


@dataclass
class Workspace:
    """
    One user's home on *machine*, with *github* as its GitHub.

    `env` is what every process in it gets; tests change it as a person would.
    """

    machine: Machine
    github: GitHub
    home: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, machine: Machine, github: GitHub) -> "Workspace":
        """Make a workspace on *machine*, wired to *github*, with nothing installed."""
        home = machine.folder()
        env = {
            "HOME": str(home),
            "HTTPS_PROXY": github.proxy_url,
            "GIT_SSL_CAINFO": str(github.ca_file),
            "GITLEASE_CA_FILE": str(github.ca_file),
            "GITLEASE_APP_ID": str(github.app_id),
            "GITLEASE_PRIVATE_KEY_FILE": str(github.private_key_file),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@example.com",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@example.com",
        }
        return cls(machine, github, home, env)

    def lease_from(self, url: str, workspace_id: str, bearer: str = "") -> None:
        """Ask the broker at *url* as *workspace_id* from now on, and hold no App's key."""
        del self.env["GITLEASE_APP_ID"], self.env["GITLEASE_PRIVATE_KEY_FILE"]
        configs = self.home / "configs"
        configs.mkdir()
        self.env |= {
            "GITLEASE_BROKER_URL": url,
            "GITLEASE_WORKSPACE_ID": workspace_id,
            "GITLEASE_CONFIGS_DIR": str(configs),
        }
        if bearer:
            self.bearer_file.write_text(bearer)

    @property
    def bearer_file(self) -> Path:
        """Where this workspace's bearer for the broker is."""
        return Path(self.env["GITLEASE_CONFIGS_DIR"]) / ".auth_token"

    @property
    def state(self) -> Path:
        """gitlease's own folder."""
        return Path(self.env.get("GITLEASE_HOME") or self.home / ".local/state/gitlease")

    @property
    def helper(self) -> Path:
        """The installed credential helper."""
        return self.state / "bin" / "git-credential-gitlease"

    @property
    def cache(self) -> Cache:
        """The workspace's records."""
        return Cache(load({**self.env, "GITLEASE_HOME": str(self.state)}))

    @property
    def log(self) -> str:
        """What gitlease wrote down about itself."""
        path = self.state / "log" / "gitlease.log"
        return path.read_text() if path.exists() else ""

    def gitlease(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run the installed command."""
        return self.machine.run([self.machine.gitlease, *words], env=self.env, check=check)

    def git(
        self, *words: str, check: bool = True, timeout: float = 120
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the machine's git in the home folder."""
        return self.machine.run(
            ["git", *words], env=self.env, cwd=self.home, check=check, timeout=timeout
        )

    def ask(
        self, path: str = "", *, extra: str = "", shell: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Ask the installed helper as git would, under *shell* or as the program says."""
        data = f"protocol=https\nhost={HOST}\n" + (f"path={path}\n" if path else "") + extra
        return self.machine.run([*shell, self.helper, "get"], env=self.env, input=data.encode())

    def record(self, name: str) -> Record:
        """Return the record under *name*, which must be there."""
        found = self.cache.read(name)
        assert found is not None, sorted(self.cache.names())
        return found

    def age(self, name: str, seconds: float = 60.0) -> None:
        """Make the record under *name* older, as if *seconds* had passed since its mint."""
        record = self.record(name)
        token, at = record.token, clocks.read()
        assert token.expires_at is not None
        older = replace(token, expires_at=token.expires_at - seconds, minted_at=0.0)
        self.cache.put(name, older, at, for_all=record.for_all)


def password(reply: bytes) -> str | None:
    """Return the password in a helper's *reply*, or None."""
    for line in reply.decode().split("\n"):
        if line.startswith("password="):
            return line.removeprefix("password=")
    return None
