"""A workspace in a bad street: GitHub is there, and every other house is evil."""

from dataclasses import dataclass, field
from typing import Self

from gitlease.emulator import GitHub
from tests.support.evil import Evil
from tests.support.machines import Machine
from tests.support.workspaces import Workspace

EVIL = "evil.example"


@dataclass
class Street:
    """A workspace whose proxy leads to GitHub, and to evil for every other name."""

    workspace: Workspace
    evil: Evil
    # Of every token that there ever was.
    tokens: set[str] = field(default_factory=set)

    @classmethod
    def on(cls, machine: Machine, github: GitHub, evil: Evil) -> Self:
        """Install gitlease on *machine*, with *evil* as the proxy before *github* and the rest."""
        workspace = Workspace.on(machine, github)
        trusted = workspace.home / "ca.pem"
        evil.trusted_with(github.ca_file, trusted)
        workspace.env |= {
            "HTTPS_PROXY": evil.url,
            "http_proxy": evil.url,
            "GIT_SSL_CAINFO": str(trusted),
            "GITLEASE_CA_FILE": str(trusted),
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "false",
            # Something to give away for a request without a path, too.
            "GITLEASE_INSTALLATION_ID": str(github.installations[0]["id"]),
        }
        workspace.gitlease("install", "--offline", "--strict")
        workspace.gitlease("token")
        return cls(workspace, evil)

    def git(self, *words: str) -> str:
        """Run git, to whatever end, and return what it said."""
        # As if a person had given the helper every host: git asks it for any.
        everyones = ("-c", f"credential.helper={self.workspace.helper}")
        ran = self.workspace.git(*everyones, *words, check=False)
        said = (ran.stdout + ran.stderr).decode(errors="replace")
        ours = [line for line in said.splitlines() if line.startswith("gitlease:")]
        assert [line for line in ours if not line.isprintable()] == []
        self.learn()
        return said

    def learn(self) -> None:
        """Remember the tokens that the workspace holds now."""
        cache = self.workspace.cache
        held = [cache.read(name) for name in cache.names()]
        self.tokens |= {one.token.secret.reveal() for one in held if one}

    def leaked(self) -> list[str]:
        """Return the evil requests that bore a token, or the user whose password is one."""
        self.learn()
        assert self.tokens
        return [
            f"{one.host}: {one.line}"
            for one in self.evil.seen
            if "ghs_" in one.shown or any(token in one.shown + one.line for token in self.tokens)
        ]
