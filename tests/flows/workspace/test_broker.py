"""A workspace of a fleet: its git holds what the broker grants, and says what it does not."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitlease.emulator import GitHub
from tests.support.brokers import Broker, running_broker
from tests.support.machines import Machine
from tests.support.older_platform import OlderPlatform, older_platform
from tests.support.workspaces import Workspace, password

APP: dict[str, Any] = {"owner": "acme", "repositories": ["app"]}
ALL: dict[str, Any] = {"owner": "acme", "repositories": "ALL"}
SEED = {
    "installations": [{"owner": "acme"}, {"owner": "other"}],
    "repositories": [{"name": "acme/app"}, {"name": "acme/lib"}, {"name": "other/lib"}],
}
KNOWS_STATE = (2, 46, 0)
HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(SEED) as running:
        yield running


@pytest.fixture
def broker(tmp_path: Path, github: GitHub) -> Iterator[Broker]:
    with running_broker(tmp_path / "broker", github) as running:
        yield running


def leasing(machine: Machine, github: GitHub, broker: Broker, *grants: Any) -> Workspace:
    """Return an installed workspace `ws-1` with *grants* and its bearer."""
    workspace = Workspace.on(machine, github)
    shown = broker.workspace("ws-1", *grants)["Authorization"].removeprefix("Bearer ")
    workspace.lease_from(broker.url, "ws-1", shown)
    workspace.gitlease("install", "--offline", "--strict")
    return workspace


def journal(broker: Broker, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(broker.manage("journal", "--json"))
    return [one for one in found if one["kind"] == kind]


def ls_remote(workspace: Workspace, name: str = "acme/app") -> tuple[int, str]:
    ran = workspace.git("ls-remote", f"https://github.com/{name}", check=False)
    return ran.returncode, ran.stderr.decode()


def test_git_reaches_what_is_granted_and_is_told_what_is_not(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = leasing(machine, github, broker, APP, {"owner": "other", "repositories": ["lib"]})
    for name in ("acme/app", "other/lib", "acme/app"):
        assert ls_remote(workspace, name) == (0, "")
    assert workspace.cache.names() == ["github.com~acme~app", "github.com~other~lib"]
    code, said = ls_remote(workspace, "acme/lib")
    assert code != 0
    [line] = [line for line in said.splitlines() if line.startswith("gitlease: ")]
    assert "workspace ws-1" in line
    assert "acme/lib" in line
    assert "grant" in line
    # The refusal of one repository is none of its neighbour.
    workspace.gitlease("invalidate")
    assert ls_remote(workspace, "acme/lib")[0] != 0
    assert ls_remote(workspace) == (0, "")
    held = workspace.record("github.com~acme~app").token.fingerprint
    assert held in {one["fingerprint"] for one in journal(broker, "lease")}


def test_a_grant_for_all_repositories_costs_one_lease(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = leasing(machine, github, broker, ALL)
    assert ls_remote(workspace, "acme/app") == (0, "")
    assert ls_remote(workspace, "acme/lib") == (0, "")
    assert len(journal(broker, "lease")) == 1
    assert workspace.cache.names() == ["github.com~acme"]


def test_a_token_that_github_refused_is_dropped_at_the_broker_too(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    """Otherwise the broker would hand it out again until its hour is over."""
    workspace = leasing(machine, github, broker, ALL)
    assert ls_remote(workspace) == (0, "")
    dead = workspace.record("github.com~acme").token.fingerprint
    workspace.age("github.com~acme")
    github.revoke(all=True)
    code, _ = ls_remote(workspace)
    assert (code == 0) == (machine.git_version >= KNOWS_STATE)
    assert ls_remote(workspace) == (0, "")
    assert github.stats()["mints"] == 2
    [told] = journal(broker, "rejection")
    assert told["fingerprint"] == dead


@HOST_ONLY
def test_a_minimum_life_reaches_github(machine: Machine, github: GitHub, broker: Broker) -> None:
    workspace = leasing(machine, github, broker, ALL)
    assert ls_remote(workspace) == (0, "")
    workspace.age("github.com~acme", 1800)
    words = ("token", "--repo", "acme/app", "--min-ttl", "3500", "--json")
    said = json.loads(workspace.gitlease(*words).stdout)
    assert (said["source"], said["expires_in"] >= 3500) == ("broker", True)


def test_a_workspace_without_a_bearer_enrols_when_git_first_asks(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = Workspace.on(machine, github)
    workspace.lease_from(broker.url, "ws-1")
    workspace.env["GITLEASE_ENROLMENT_SECRET_FILE"] = str(workspace.home / "secret")
    workspace.gitlease("install", "--offline")
    assert ls_remote(workspace)[0] != 0
    broker.manage("workspace", "add", "ws-1", "--owner", "acme", "--all")
    secret = broker.manage("enrolment", "create", "--workspace", "ws-1").strip()
    (workspace.home / "secret").write_text(secret)
    assert ls_remote(workspace) == (0, "")
    assert stat.S_IMODE(workspace.bearer_file.stat().st_mode) == 0o600
    said = workspace.gitlease("register").stdout.decode()
    assert said == (
        f"workspace ws-1 was registered already; its bearer is in {workspace.bearer_file}\n"
    )


@HOST_ONLY
def test_a_bearer_may_be_replaced_under_a_running_workspace(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = leasing(machine, github, broker, ALL)
    [old] = broker.ask("GET", "/workspaces/ws-1/tokens", headers=broker.admin).json()["tokens"]
    path = f"/workspaces/ws-1/tokens/{old['id']}"
    assert broker.ask("DELETE", path, headers=broker.admin).status_code == 204
    code, said = ls_remote(workspace)
    assert code != 0
    assert f"{workspace.bearer_file}: put a live bearer there" in said
    made = broker.ask("POST", "/workspaces/ws-1/tokens", headers=broker.admin).json()
    workspace.bearer_file.write_text(made["auth_token"])
    assert ls_remote(workspace) == (0, "")


def test_while_the_broker_is_away_what_lives_is_served(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = leasing(machine, github, broker, ALL)
    assert ls_remote(workspace) == (0, "")
    broker.stop()
    workspace.age("github.com~acme", 3600 - 400)
    code, said = ls_remote(workspace)
    assert code == 0
    place = broker.url.removeprefix("http://")
    assert f"could not be renewed: {place} cannot be reached" in said
    assert workspace.gitlease("status", check=False).returncode == 1
    workspace.gitlease("invalidate")
    code, said = ls_remote(workspace)
    assert code != 0
    assert "workspace ws-1" in said


@HOST_ONLY
def test_sixty_cold_gets_cause_one_lease(machine: Machine, github: GitHub, broker: Broker) -> None:
    workspace = leasing(machine, github, broker, APP)
    asked = [
        machine.popen(
            [workspace.helper, "get"],
            env=workspace.env,
            stdin=-1,
            stdout=-1,
            stderr=-1,
        )
        for _ in range(60)
    ]
    for process in asked:
        assert process.stdin is not None
        process.stdin.write(b"protocol=https\nhost=github.com\npath=acme/app\n\n")
        process.stdin.close()
        process.stdin = None
    replies = [process.communicate(timeout=240) for process in asked]
    assert {err for _, err in replies} == {b""}
    assert len({password(out) for out, _ in replies}) == 1
    assert len(journal(broker, "lease")) == 1


def test_a_removed_workspace_is_told_and_keeps_nothing_it_could_use(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = leasing(machine, github, broker, ALL)
    assert ls_remote(workspace) == (0, "")
    workspace.age("github.com~acme")
    broker.manage("workspace", "remove", "ws-1")
    assert ls_remote(workspace)[0] != 0
    code, said = ls_remote(workspace)
    assert code != 0
    assert "the broker refuses the bearer of workspace ws-1" in said


@pytest.fixture
def platform(github: GitHub) -> Iterator[OlderPlatform]:
    with older_platform(github) as running:
        yield running


def test_it_works_with_a_platform_that_knows_two_routes_only(
    machine: Machine, github: GitHub, platform: OlderPlatform
) -> None:
    """And with the names of the older environment."""
    workspace = Workspace.on(machine, github)
    workspace.lease_from("http://not.used", "ws-1")
    env = workspace.env
    env["PLATFORM_URL"], env["WORKSPACE_ID"] = platform.url, env.pop("GITLEASE_WORKSPACE_ID")
    env["CONFIGS_DIR"] = env.pop("GITLEASE_CONFIGS_DIR")
    del env["GITLEASE_BROKER_URL"]
    workspace.env["GITLEASE_CONFIGS_DIR"] = env["CONFIGS_DIR"]
    workspace.gitlease("install", "--offline", "--strict")
    workspace.gitlease("register")
    assert workspace.bearer_file.read_text() == "old-bearer\n"
    assert ls_remote(workspace) == (0, "")
    workspace.age("github.com")
    github.revoke(all=True)
    ls_remote(workspace)
    assert ls_remote(workspace) == (0, "")
    assert "POST /workspaces/ws-1/rejected-tokens" in platform.asked


@HOST_ONLY
def test_the_platforms_own_workspace_has_the_admin_route(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = Workspace.on(machine, github)
    workspace.lease_from(broker.url, "", broker.admin_token_file.read_text())
    workspace.gitlease("install", "--offline", "--strict")
    assert ls_remote(workspace) == (0, "")


@HOST_ONLY
def test_no_secret_is_in_what_the_workspace_writes_down(
    machine: Machine, github: GitHub, broker: Broker
) -> None:
    workspace = leasing(machine, github, broker, APP)
    ls_remote(workspace)
    ls_remote(workspace, "acme/lib")
    shown = workspace.bearer_file.read_text()
    token = workspace.record("github.com~acme~app").token.secret.reveal()
    for file in workspace.state.rglob("*"):
        if file.is_file():
            assert shown not in file.read_text()
            assert (token in file.read_text()) == (file.name == "github.com~acme~app")
