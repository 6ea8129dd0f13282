"""A real git holds a valid token: across expiry, revocation, LFS, submodules, large pushes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitlease.emulator import GitHub
from gitlease.model.tokens import fingerprint
from gitlease.workspace.cache import Record
from tests.support.environment import require_tool
from tests.support.machines import Machine
from tests.support.workspaces import Workspace, password

SEED: dict[str, Any] = {
    "installations": [{"owner": "acme"}, {"owner": "other"}],
    "repositories": [
        {"name": "acme/app"},
        {"name": "acme/big", "lfs": {"large.bin": 200_000}},
        {"name": "other/lib", "files": {"lib.txt": "lib\n"}},
        {"name": "acme/inner"},
        {
            "name": "acme/outer",
            "submodules": [
                {"path": "libs/lib", "url": "https://github.com/other/lib"},
                {"path": "libs/inner", "url": "https://github.com/acme/inner.git"},
            ],
        },
    ],
}
KNOWS_STATE = (2, 46, 0)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(SEED) as running:
        yield running


def clone(workspace: Workspace, name: str = "acme/app", *options: str) -> Path:
    folder = workspace.home / name.replace("/", "-")
    workspace.git("clone", *options, f"https://github.com/{name}", str(folder))
    return folder


def commit(workspace: Workspace, folder: Path, text: str = "text\n") -> None:
    (folder / "file").write_text(text)
    workspace.git("-C", str(folder), "add", "file")
    workspace.git("-C", str(folder), "commit", "-m", "change")


def push(workspace: Workspace, folder: Path, *, check: bool = True, timeout: float = 120) -> int:
    words = ["-C", str(folder), "push", "-q"]
    return workspace.git(*words, check=check, timeout=timeout).returncode


def test_it_clones_and_pushes_a_private_repository_with_one_mint(workspace: Workspace) -> None:
    folder = clone(workspace)
    commit(workspace, folder)
    push(workspace, folder)
    workspace.git("-C", str(folder), "fetch")
    assert workspace.github.stats()["mints"] == 1


def test_an_expiry_is_not_noticed(workspace: Workspace) -> None:
    """A token whose life is over is replaced before git meets it, on any git."""
    folder = clone(workspace)
    name = "github.com~acme"
    first = workspace.record(name).token.fingerprint
    workspace.github.advance(3600)
    workspace.age(name, 3600)
    commit(workspace, folder)
    push(workspace, folder)
    assert workspace.record(name).token.fingerprint != first
    assert workspace.github.stats()["mints"] == 2
    assert workspace.github.stats()["by_route"]["POST github.com/git-receive-pack"] == 1


def test_a_revoked_token_costs_a_new_git_nothing_and_an_old_git_one_command(
    workspace: Workspace,
) -> None:
    """The second chance repairs the 401 inside the command; an older git repairs the next one."""
    folder = clone(workspace)
    commit(workspace, folder)
    workspace.age("github.com~acme")
    workspace.github.revoke(all=True)
    first = push(workspace, folder, check=False)
    assert (first == 0) == (workspace.machine.git_version >= KNOWS_STATE)
    push(workspace, folder)
    assert workspace.github.stats()["mints"] == 2


def test_a_token_revoked_inside_a_push(workspace: Workspace) -> None:
    """A 401 between a push's GET and POST: from git 2.46 on the push succeeds."""
    folder = clone(workspace)
    commit(workspace, folder)
    workspace.age("github.com~acme")
    workspace.github.fault("POST github.com/acme/app/git-receive-pack", revoke=True, count=1)
    status = push(workspace, folder, check=False)
    assert (status == 0) == (workspace.machine.git_version >= KNOWS_STATE)
    push(workspace, folder)


def test_the_second_chance_can_be_turned_off(bare_workspace: Workspace) -> None:
    bare_workspace.env["GITLEASE_SECOND_CHANCE"] = "0"
    bare_workspace.gitlease("install", "--offline", "--strict")
    folder = clone(bare_workspace)
    commit(bare_workspace, folder)
    bare_workspace.age("github.com~acme")
    bare_workspace.github.revoke(all=True)
    assert push(bare_workspace, folder, check=False) != 0
    push(bare_workspace, folder)


def test_a_young_token_is_kept_while_the_replicas_lag(workspace: Workspace) -> None:
    """Minting anew would only land in the same window: the same token serves a moment later."""
    workspace.github.settings(replication_lag=1)
    answer = workspace.git("ls-remote", "https://github.com/acme/app", check=False)
    if workspace.machine.git_version >= KNOWS_STATE:
        assert answer.returncode == 0
    workspace.git("ls-remote", "https://github.com/acme/app")
    assert workspace.github.stats()["mints"] == 1
    assert "young" in workspace.log


def test_large_files_are_pulled_and_pushed(workspace: Workspace) -> None:
    workspace.git("lfs", "install", "--skip-repo")
    folder = clone(workspace, "acme/big")
    assert (folder / "large.bin").stat().st_size == 200_000
    (folder / "large.bin").write_bytes(os.urandom(1 << 20))
    workspace.git("-C", str(folder), "commit", "-am", "change")
    push(workspace, folder)
    assert workspace.github.stats()["mints"] == 1


def test_a_push_of_fifty_megabytes(workspace: Workspace) -> None:
    folder = clone(workspace)
    (folder / "file").write_bytes(os.urandom(50 << 20))
    workspace.git("-C", str(folder), "add", "file")
    workspace.git("-C", str(folder), "-c", "core.compression=0", "commit", "-m", "large")
    push(workspace, folder, timeout=240)
    assert workspace.github.stats()["mints"] == 1


def test_submodules_of_two_owners_get_a_token_each(workspace: Workspace) -> None:
    """Each owner is another installation: one mint for each, none for the third repository."""
    folder = clone(workspace, "acme/outer", "--recurse-submodules")
    assert (folder / "libs/lib/lib.txt").read_text() == "lib\n"
    assert workspace.cache.names() == ["github.com~acme", "github.com~other"]
    assert workspace.github.stats()["mints"] == 2


def test_a_remote_with_the_token_user_works(workspace: Workspace) -> None:
    shown = workspace.git("ls-remote", "https://x-access-token@github.com/acme/app").stdout
    assert b"refs/heads/" in shown
    assert workspace.github.stats()["mints"] == 1


def test_a_remote_of_somebody_else_is_not_answered(workspace: Workspace) -> None:
    """A user name in the URL is somebody's account: their helper or prompt decides."""
    ran = workspace.git("ls-remote", "https://octocat@github.com/acme/app", check=False)
    assert ran.returncode != 0
    assert workspace.github.stats()["mints"] == 0


# It shows a token to another repository by hand.
@pytest.mark.plants("(argv|environ GIT_CONFIG_PARAMETERS) .*")
def test_one_token_per_repository_reaches_no_other(bare_workspace: Workspace) -> None:
    bare_workspace.env["GITLEASE_GRANULARITY"] = "repository"
    bare_workspace.gitlease("install", "--offline", "--strict")
    clone(bare_workspace, "acme/app")
    clone(bare_workspace, "acme/inner")
    assert bare_workspace.cache.names() == ["github.com~acme~app", "github.com~acme~inner"]
    assert bare_workspace.github.stats()["mints"] == 2
    url = "https://github.com/acme/app"
    token = bare_workspace.record("github.com~acme~inner").token.secret.reveal()
    header = f"url.https://x-access-token:{token}@github.com/.insteadOf=https://github.com/"
    ran = bare_workspace.git("-c", header, "ls-remote", url, check=False)
    assert ran.returncode != 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_another_helper_of_the_user_never_sees_a_token(
    bare_workspace: Workspace, when: str
) -> None:
    """`credential.helper=store` would write the token to a file, expiry or not."""
    workspace = bare_workspace
    add = ("config", "--global", "--add", "credential.helper", "store")
    if when == "before":
        workspace.git(*add)
    workspace.gitlease("install", "--offline", "--strict")
    if when == "after":
        workspace.git(*add)
        # Each start of a container installs; the include moves behind what came since.
        workspace.gitlease("install", "--offline", "--strict")
    folder = clone(workspace)
    commit(workspace, folder)
    push(workspace, folder)
    assert not (workspace.home / ".git-credentials").exists()


def test_a_canary_is_found_nowhere_but_in_its_record(workspace: Workspace) -> None:
    """Not in argv or the environment of any process, in logs, stderr or git's config."""
    trace = workspace.home / "trace2"
    workspace.env["GIT_TRACE2_EVENT"] = str(trace)
    workspace.env["GIT_TRACE"] = str(workspace.home / "trace")
    workspace.env["GIT_TRACE_CURL"] = str(workspace.home / "curl")
    folder = workspace.home / "app"
    ran = workspace.git("clone", "https://github.com/acme/app", str(folder))
    token = workspace.record("github.com~acme").token.secret.reveal()
    assert password(workspace.ask("acme/app").stdout) == token
    found = [path for path in workspace.home.rglob("*") if path.is_file() and holds(path, token)]
    assert found == [workspace.state / "cache" / "github.com~acme"]
    assert token.encode() not in ran.stdout + ran.stderr
    assert fingerprint(token) in workspace.log


@pytest.mark.parametrize("machine", ["host"], indirect=True)
def test_no_process_is_ever_given_a_token(workspace: Workspace) -> None:
    """Neither in its arguments nor in its environment: on a mint, a hit and a rejection."""
    require_tool("strace")
    traces = [workspace.home / f"execve{number}" for number in range(3)]
    strace = ["strace", "-f", "-v", "-s", "70000", "-e", "trace=execve", "-o"]
    ask = ["git", "ls-remote", "https://github.com/acme/app"]
    seen = set()
    for number, trace in enumerate(traces):
        if number == 2:
            workspace.age("github.com~acme")
            workspace.github.revoke(all=True)
        workspace.machine.run([*strace, trace, *ask], env=workspace.env, check=number < 2)
        seen |= {one.token.secret.reveal() for one in records(workspace)}
        assert "git-credential-gitlease" in trace.read_text()
        assert "GITLEASE_APP_ID" in trace.read_text()
    workspace.git("ls-remote", "https://github.com/acme/app")
    seen |= {one.token.secret.reveal() for one in records(workspace)}
    assert len(seen) == 2
    assert [trace for trace in traces if any(holds(trace, token) for token in seen)] == []


def records(workspace: Workspace) -> list[Record]:
    found = [workspace.cache.read(name) for name in workspace.cache.names()]
    return [record for record in found if record]


def holds(path: Path, token: str) -> bool:
    return token.encode() in path.read_bytes()


def test_uninstall_leaves_the_config_as_it_was(machine: Machine, github: GitHub) -> None:
    workspace = Workspace.on(machine, github)
    config = workspace.home / ".gitconfig"
    config.write_text("[user]\n\tname = someone\n[include]\n\tpath = other")
    before = config.read_bytes()
    workspace.gitlease("install", "--offline", "--strict")
    assert (
        workspace.git(
            "config",
            "--global",
            "--includes",
            "--get-all",
            "credential.https://github.com.usehttppath",
        ).stdout
        == b"true\n"
    )
    workspace.gitlease("uninstall")
    assert config.read_bytes() == before
