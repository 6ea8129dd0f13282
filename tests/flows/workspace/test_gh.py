"""A real gh, old and new, holds a valid token: by its own files, and behind our shim."""

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from gitlease.emulator import GitHub
from tests.support.machines import PATH, Gh
from tests.support.parts import tree
from tests.support.workspaces import HOST, Workspace

SEED = {
    "installations": [{"owner": "acme"}, {"owner": "other"}],
    "repositories": [
        {"name": "acme/app", "pulls": [{"title": "Add a thing", "head": "feature"}]},
        {"name": "other/lib"},
    ],
}
RECORD = f"{HOST}~acme"
# A step of the installation, done as the plan does it.
STEP = """\
import os, sys
from gitlease.model.errors import GitleaseError
from gitlease.workspace.install.gh_login import GhLogin
from gitlease.workspace.install.shim import Shim
from gitlease.workspace.settings import load
step = {"gh": GhLogin, "shim": lambda settings, _: Shim(settings)}[sys.argv[1]]
try:
    print(*getattr(step(load(os.environ), os.environ), sys.argv[2])())
except GitleaseError as error:
    print("failed", error)
"""


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(SEED) as running:
        yield running


@dataclass
class Desk:
    """A workspace in which a person, or an agent, uses one gh."""

    workspace: Workspace
    gh: Gh

    def step(self, name: str, what: str = "do") -> str:
        """Do or undo the step *name*; return what it reports."""
        machine = self.workspace.machine
        ran = machine.run([machine.python, "-c", STEP, name, what], env=self.workspace.env)
        return ran.stdout.decode()

    def run(
        self, *words: str, shim: bool = False, **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run gh, or our gh before it, with the further variables *env*."""
        program = self.workspace.state / "shims/gh" if shim else self.gh.path
        return self.workspace.machine.run(
            [program, *words], env=self.workspace.env | env, cwd=self.workspace.home, check=False
        )

    def works(self, *, shim: bool = False, status: bool = True, **env: str) -> None:
        """Use gh for all that an agent does with it, perhaps without a look at its *status*."""
        clone = self.workspace.machine.folder() / "app"
        for words, answer in [
            (["auth", "status", "--hostname", HOST], "gitlease-demo[bot]"),
            (["api", "repos/acme/app", "--jq", ".full_name"], "acme/app"),
            (["repo", "clone", "acme/app", str(clone)], ""),
            (["pr", "list", "--repo", "acme/app"], "Add a thing"),
        ][not status :]:
            ran = self.run(*words, shim=shim, **env)
            assert ran.returncode == 0, (words, ran.stderr)
            assert answer in (ran.stdout + ran.stderr).decode()
        assert (clone / "README.md").exists()

    def expire(self) -> None:
        """Let the life of the token pass, as far as GitHub and our cache are concerned."""
        self.workspace.github.advance(3600)
        self.workspace.age(RECORD, 3600)

    @property
    def hosts(self) -> Path:
        """The file that says who is logged in."""
        return self.workspace.home / ".config/gh/hosts.yml"

    @property
    def token(self) -> str:
        """The token that the cache holds."""
        return self.workspace.record(RECORD).token.secret.reveal()


@pytest.fixture(params=["debian", "current"])
def desk(request: pytest.FixtureRequest, workspace: Workspace, gh_programs: dict[str, Gh]) -> Desk:
    gh = gh_programs[str(request.param)]
    workspace.env |= {
        "PATH": f"{Path(gh.path).parent}:{PATH}",
        "SSL_CERT_FILE": str(workspace.github.ca_file),
        "GITLEASE_GH_OWNER": "acme",
    }
    return Desk(workspace, gh)


def test_gh_works_before_and_after_an_expiry(desk: Desk) -> None:
    """By `hosts.yml` alone, and from a stale token in the environment through our shim."""
    before = tree(desk.workspace.home)
    assert desk.step("gh").startswith("done gitlease-demo[bot] on github.com")
    assert desk.step("gh").startswith("already")
    desk.step("shim")
    first = desk.token
    desk.works()
    desk.works(shim=True, GH_TOKEN="ghs_stale")
    desk.expire()
    assert desk.run("api", "repos/acme/app").returncode != 0
    # A status would be honest about `hosts.yml`, which the next login has yet to reach.
    desk.works(shim=True, status=False, GITHUB_TOKEN=first)
    assert desk.step("gh").startswith("done")
    desk.works()
    assert desk.workspace.github.stats()["mints"] == 2
    # gh had nothing to find out or to change in what we wrote.
    assert set(yaml.safe_load(desk.hosts.read_text())) == {HOST}
    assert desk.step("gh", "undo").startswith("done")
    desk.step("shim", "undo")
    kept = {name for name in tree(desk.workspace.home) if not name.startswith(".local")}
    assert kept - {name for name in before if not name.startswith(".local")} == set()


def test_a_persons_token_is_left_alone(desk: Desk) -> None:
    """In the environment as in `hosts.yml`."""
    desk.step("shim")
    for variable in ("GH_TOKEN", "GITHUB_TOKEN"):
        said = desk.run("auth", "token", shim=True, **{variable: "ghp_mine"})
        assert said.stdout == b"ghp_mine\n"
    # Another server's is none of ours.
    elsewhere = {"GH_HOST": "acme.ghe.com", "GH_TOKEN": "ghs_theirs"}
    said = desk.run("auth", "token", "--hostname", HOST, shim=True, **elsewhere)
    assert said.stdout == b"ghs_theirs\n"
    desk.hosts.parent.mkdir(parents=True)
    login = {"user": "mona", "oauth_token": "gho_mine"}
    for text in (yaml.safe_dump({HOST: login}), json.dumps({HOST: login})):
        desk.hosts.write_text(text)
        assert desk.step("gh").startswith("skipped")
        # What only gh can read, gh is asked about, and then it may bring the file up to date.
        assert yaml.safe_load(desk.hosts.read_text())[HOST].items() >= login.items()
    desk.hosts.write_text("# mine\n" + yaml.safe_dump({HOST: login}))
    text = desk.hosts.read_text()
    assert desk.step("gh").startswith("skipped")
    assert desk.hosts.read_text() == text


def test_a_file_that_only_gh_can_read_is_left_to_gh(desk: Desk) -> None:
    desk.hosts.parent.mkdir(parents=True)
    desk.hosts.write_text('{"ghe.example.com": {"user": "mona", "oauth_token": "gho_mine"}}\n')
    # With such a variable gh would refuse to log in, and would tell another token.
    desk.workspace.env["GH_TOKEN"] = "ghs_stale"
    said = desk.step("gh")
    assert said.startswith("done"), said
    assert "by gh itself" in said
    assert desk.step("gh").startswith("already")
    del desk.workspace.env["GH_TOKEN"]
    assert desk.run("api", "repos/acme/app").returncode == 0
    said = desk.step("gh", "undo")
    found = yaml.safe_load(desk.hosts.read_text())
    assert found["ghe.example.com"]["oauth_token"] == "gho_mine"
    # As gh has left the file, it may be one to be changed by lines.
    assert (said.startswith("done") and HOST not in found) or (
        said.startswith("failed") and "run `gh auth logout --hostname github.com`" in said
    )


def test_gh_may_write_its_files_at_the_same_time(desk: Desk) -> None:
    """Each login stands in the end, and so does what gh was told; no other host is harmed."""
    desk.hosts.parent.mkdir(parents=True)
    others = {"ghe.example.com": {"user": "mona", "oauth_token": "gho_mine"}}
    desk.hosts.write_text(yaml.safe_dump(others))
    desk.step("gh")
    done = threading.Event()
    seen: list[int] = []

    def set_again_and_again() -> None:
        while not done.is_set():
            number = len(seen)
            where = ["--host", HOST] if number % 2 else []
            ran = desk.run("config", "set", "editor", f"vi-{number}", *where)
            seen.append(ran.returncode)

    writer = threading.Thread(target=set_again_and_again)
    writer.start()
    try:
        for _ in range(4):
            desk.workspace.gitlease("invalidate")
            desk.step("gh")
            assert yaml.safe_load(desk.hosts.read_text() or "{}").keys() <= {HOST, *others}
    finally:
        done.set()
        writer.join()
    assert len(seen) > 2
    assert set(seen) == {0}
    found = yaml.safe_load(desk.hosts.read_text())
    # A gh that meets another's half-written config.yml adds `users` to every host.
    kept = {key: found["ghe.example.com"][key] for key in others["ghe.example.com"]}
    assert kept == others["ghe.example.com"]
    assert found[HOST]["editor"].startswith("vi-")
    assert found[HOST]["oauth_token"] == desk.token
    assert json.dumps(found).count(desk.token) == 2
    assert desk.run("api", "repos/acme/app").returncode == 0
