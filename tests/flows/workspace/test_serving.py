"""One install, and git and gh are served: the first token, gh's login, the App's identity."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.machines import Gh, Machine
from tests.support.workspaces import Workspace

SEED = {
    "app": {"slug": "demo-app"},
    "installations": [{"owner": "acme"}],
    "repositories": [{"name": "acme/app"}],
}
HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)
URL = "https://github.com/acme/app"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(SEED) as running:
        yield running


@pytest.fixture
def workspace(machine: Machine, github: GitHub, gh_programs: dict[str, Gh]) -> Iterator[Workspace]:
    """A home with nothing installed, and Debian's gh on its PATH."""
    made = Workspace.on(machine, github)
    made.env |= {"SSL_CERT_FILE": str(github.ca_file), "GH_PROMPT_DISABLED": "1"}
    made.env["PATH"] = f"{Path(gh_programs['debian'].path).parent}:/usr/bin:/bin"
    yield made
    made.gitlease("uninstall", check=False)


def states(workspace: Workspace, *words: str) -> dict[str, str]:
    said = json.loads(workspace.gitlease("install", "--json", *words).stdout)
    return {step["step"]: step["state"] for step in said["steps"]}


def gh(workspace: Workspace, *words: str) -> str:
    ran = workspace.machine.run(["gh", *words], env=workspace.env, cwd=workspace.home)
    return ran.stdout.decode().strip()


STEPS = ["folders", "settings", "helper", "gh shim", "git", "token", "gh", "refresher"]


def test_one_install_serves_git_and_gh_until_it_is_taken_back(workspace: Workspace) -> None:
    (workspace.home / ".gitconfig").write_bytes(b"[user]\n\tname = t")
    hosts = workspace.home / ".config" / "gh" / "hosts.yml"
    hosts.parent.mkdir(parents=True)
    hosts.write_text("other.example:\n    user: me # mine\n    oauth_token: x\n")
    before = hosts.read_bytes()
    assert states(workspace) == dict.fromkeys(STEPS, "done")
    assert states(workspace) == dict.fromkeys(STEPS, "already")
    assert gh(workspace, "api", "repos/acme/app", "--jq", ".full_name") == "acme/app"
    assert workspace.git("ls-remote", "-q", URL).stdout
    assert workspace.gitlease("status").returncode == 0
    ran = workspace.gitlease("uninstall", "--json")
    assert {step["state"] for step in json.loads(ran.stdout)["steps"]} <= {"done", "already"}
    assert (workspace.home / ".gitconfig").read_bytes() == b"[user]\n\tname = t"
    assert hosts.read_bytes() == before
    assert not workspace.state.exists()


@HOST_ONLY
def test_a_dry_run_says_it_all_and_does_nothing(workspace: Workspace) -> None:
    before = sorted(workspace.home.rglob("*"))
    assert states(workspace, "--dry-run") == dict.fromkeys(STEPS, "planned")
    assert sorted(workspace.home.rglob("*")) == before
    assert workspace.github.stats()["api_calls"] == 0


def test_commits_are_the_apps_where_that_is_wanted(workspace: Workspace) -> None:
    for name in (
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ):
        del workspace.env[name]
    (workspace.home / ".gitconfig").write_text("[user]\n\tname = me\n\temail = me@example.com\n")
    assert states(workspace, "--identity")["identity"] == "done"
    workspace.git("clone", "-q", URL, "app")
    workspace.git("-C", "app", "commit", "-q", "--allow-empty", "-m", "by the bot")
    ran = workspace.git("-C", "app", "log", "-1", "--format=%an <%ae> %cn")
    viewer = gh(workspace, "api", "graphql", "-f", "query={viewer{databaseId}}")
    number = json.loads(viewer)["data"]["viewer"]["databaseId"]
    bot = "demo-app[bot]"
    expected = f"{bot} <{number}+{bot}@users.noreply.github.com> {bot}"
    assert ran.stdout.decode().strip() == expected
    # A later start without the option forgets nothing, and takes it back with the rest.
    assert states(workspace)["identity"] == "already"
    workspace.gitlease("uninstall")
    assert workspace.git("config", "user.name").stdout.decode().strip() == "me"


@HOST_ONLY
def test_who_wants_to_waits_for_the_first_token(workspace: Workspace) -> None:
    """Then gh is logged in before the command's first line; without it, beside the command."""
    words = ["run", "--wait", "30", "--", "gh", "api", "repos/acme/app", "--jq", ".name"]
    ran = workspace.gitlease(*words)
    assert (ran.stdout, ran.stderr) == (b"app\n", b"")


@HOST_ONLY
def test_where_no_token_is_to_be_had_the_cause_is_said_once(workspace: Workspace) -> None:
    """By the step that fetches it; gh's refers to that, and programs hear it of both."""
    workspace.github.suspend("acme")
    said = workspace.gitlease("install").stdout.decode().splitlines()
    [cause] = [line for line in said if line.startswith("failed  token: ")]
    assert "suspended" in cause
    assert "failed  gh: for the same reason as token" in said
    steps = json.loads(workspace.gitlease("install", "--json").stdout)["steps"]
    texts = {step["step"]: step["text"] for step in steps if step["state"] == "failed"}
    assert texts == dict.fromkeys(["token", "gh"], cause.removeprefix("failed  token: "))


@HOST_ONLY
def test_a_wait_in_vain_is_told_and_the_command_starts(workspace: Workspace) -> None:
    workspace.github.suspend("acme")
    ran = workspace.gitlease("run", "--wait", "30", "--", "echo", "started")
    assert ran.stdout == b"started\n"
    assert ran.stderr.startswith(b"gitlease: refresher: failed: ")
    assert b"suspended" in ran.stderr
