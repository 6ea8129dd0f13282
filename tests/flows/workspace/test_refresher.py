"""git meets a warm cache: real rounds, real tokens that die, a refresher that is killed."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitlease.emulator import GitHub
from gitlease.workspace import daemon
from gitlease.workspace.settings import load
from tests.flows.workspace.test_broker import APP, leasing
from tests.support.brokers import running_broker
from tests.support.loops import end_all, wait_for
from tests.support.machines import Machine
from tests.support.workspaces import Workspace, password

ACME = "github.com~acme"
HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)
STEP = """
import os, sys
from gitlease.workspace.install.refresher import Refresher
from gitlease.workspace.settings import load
print(*getattr(Refresher(load(os.environ), os.environ), sys.argv[1])())
"""


def step(workspace: Workspace, act: str) -> str:
    """Do or undo the step of the refresher as the installed package does."""
    ran = workspace.machine.run([workspace.machine.python, "-c", STEP, act], env=workspace.env)
    return ran.stdout.decode().strip()


def pid_of(workspace: Workspace) -> int | None:
    return daemon.is_running(load({"GITLEASE_HOME": str(workspace.state)}))


def standing(workspace: Workspace) -> dict[str, Any]:
    path = workspace.state / "run" / "status.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def wake(workspace: Workspace) -> None:
    """Let the next round begin now, which the clock would."""
    os.kill(pid_of(workspace) or 0, signal.SIGUSR1)


@contextmanager
def refreshing(workspace: Workspace) -> Iterator[Workspace]:
    """Have a refresher that has done its first round, until the context ends."""
    # With a gh there is one token more, for its login.
    workspace.env["GITLEASE_GH"] = "off"
    try:
        assert step(workspace, "do").startswith("done process ")
        wait_for(lambda: standing(workspace) != {})
        yield workspace
    finally:
        end_all(workspace.state)


@pytest.fixture
def refreshed(workspace: Workspace) -> Iterator[Workspace]:
    with refreshing(workspace):
        yield workspace


def events(workspace: Workspace) -> list[str]:
    """Return the kinds of all that was noted, in their order."""
    return [line.split()[1] for line in workspace.log.splitlines()]


def fingerprint(workspace: Workspace) -> str:
    return workspace.record(ACME).token.fingerprint


@HOST_ONLY
def test_git_never_waits_for_a_token_while_it_is_refreshed(workspace: Workspace) -> None:
    """Over three lives Python is started by git once, for the first token."""
    workspace.github.settings(token_ttl=24)
    # Rounds so close together that a busy machine has seconds to spare.
    workspace.env["TOKEN_REFRESH_INTERVAL_SEC"] = "1"
    with refreshing(workspace):
        seen: set[str] = set()
        deadline = time.monotonic() + 240
        while len(seen) < 3 and time.monotonic() < deadline:
            ran = workspace.git("ls-remote", "https://github.com/acme/app")
            assert ran.stderr == b""
            seen.add(fingerprint(workspace))
            time.sleep(0.5)
        assert len(seen) == 3
        asked = [kind for kind in events(workspace) if kind != "renewed"]
        assert asked == ["fetched"]
        assert workspace.github.stats()["mints"] == 3
        assert standing(workspace)["failures_in_a_row"] == 0


def test_a_killed_refresher_is_started_again_by_the_next_miss(refreshed: Workspace) -> None:
    """And git does not wait for it: it has none of git's descriptors."""
    first = pid_of(refreshed)
    assert first
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: pid_of(refreshed) is None)
    refreshed.git("ls-remote", "https://github.com/acme/app")
    wait_for(lambda: pid_of(refreshed) not in {None, 0, first})


@HOST_ONLY
def test_one_that_was_suspended_past_an_expiry_goes_on(refreshed: Workspace) -> None:
    """git fetches by itself meanwhile, and wakes it."""
    refreshed.ask("acme/app")
    pid = pid_of(refreshed) or 0
    wait_for(lambda: standing(refreshed)["next_due"] < time.time() + 2350)
    os.killpg(os.getpgid(pid), signal.SIGSTOP)
    refreshed.age(ACME, 3700)
    status = refreshed.state / "run" / "status.json"
    os.utime(status, (time.time(), time.time() - 100))
    refreshed.git("ls-remote", "https://github.com/acme/app")
    wait_for(lambda: status.stat().st_mtime > time.time() + 2000)
    assert pid_of(refreshed) == pid


def test_a_new_token_is_planned_for_also_by_one_that_sleeps_long(refreshed: Workspace) -> None:
    """Its first round found nothing, and would come again in three quarters of an hour."""
    wait_for(lambda: standing(refreshed)["next_due"] > time.time() + 2600)
    assert password(refreshed.ask("acme/app").stdout)
    # An hour's token is due after 37 minutes at the earliest, 39 at the latest.
    wait_for(lambda: standing(refreshed)["next_due"] < time.time() + 2350)
    assert standing(refreshed)["next_due"] > time.time() + 2100


def test_a_bearer_that_comes_late_is_adopted(bare_workspace: Workspace, tmp_path: Path) -> None:
    with running_broker(tmp_path / "broker", bare_workspace.github) as broker:
        shown = broker.workspace("ws-1", APP)["Authorization"].removeprefix("Bearer ")
        bare_workspace.lease_from(broker.url, "ws-1")
        bare_workspace.gitlease("install", "--offline", "--strict")
        with refreshing(bare_workspace):
            found = standing(bare_workspace)
            assert (found["last_success"], found["failures_in_a_row"]) == (None, 0)
            assert found["next_due"] < time.time() + 31
            bare_workspace.bearer_file.write_text(shown)
            wake(bare_workspace)
            wait_for(lambda: standing(bare_workspace)["last_success"] is not None)


def test_an_uninstalled_one_is_gone_and_does_not_come_back(refreshed: Workspace) -> None:
    assert step(refreshed, "undo") == "done it has ended"
    assert pid_of(refreshed) is None
    assert password(refreshed.ask("acme/app").stdout)
    assert pid_of(refreshed) is None
    assert not (refreshed.state / "bin" / "gitlease-refresher").exists()


def test_an_older_program_is_replaced_with_the_process_that_runs_it(refreshed: Workspace) -> None:
    first = pid_of(refreshed)
    program = refreshed.state / "bin" / "gitlease-refresher"
    text = program.read_text()
    assert step(refreshed, "do") == f"already process {first} runs"
    program.write_text(text + "# of another version\n")
    assert step(refreshed, "do").startswith("done process ")
    assert pid_of(refreshed) not in {None, first}
    assert program.read_text() == text


def test_what_github_refuses_is_told_and_mended_without_a_restart(refreshed: Workspace) -> None:
    """A renewal that fails takes nothing away; its cause and cure are there for probes."""
    refreshed.ask("acme/app")
    refreshed.age(ACME, 2300)
    old = fingerprint(refreshed)
    refreshed.github.fault("mint", status=503)
    wake(refreshed)
    wait_for(lambda: standing(refreshed)["failures_in_a_row"] > 0)
    found = standing(refreshed)
    assert "503" in found["last_error"]["message"]
    assert found["pid"] == pid_of(refreshed)
    assert password(refreshed.ask("acme/app").stdout)
    assert fingerprint(refreshed) == old
    refreshed.github.clear_faults()
    # GitHub's failure is remembered for a moment.
    again(lambda: wake(refreshed), until=lambda: fingerprint(refreshed) != old)
    wait_for(lambda: standing(refreshed)["last_error"] is None)


def again(act: Callable[[], None], *, until: Callable[[], bool]) -> None:
    """Do *act* every half second until what it is for is seen."""
    deadline = time.monotonic() + 40
    while not until():
        assert time.monotonic() < deadline
        act()
        time.sleep(0.5)


@HOST_ONLY
def test_two_workspaces_of_a_broker_renew_with_one_mint(
    machine: Machine, github: GitHub, tmp_path: Path
) -> None:
    """The broker's cache would answer with the token that they have, and must not be stormed."""
    github.settings(token_ttl=18)
    with running_broker(tmp_path / "broker", github) as broker:
        first = leasing(machine, github, broker, APP)
        second = Workspace.on(machine, github)
        shown = broker.workspace("ws-2", APP)["Authorization"].removeprefix("Bearer ")
        second.lease_from(broker.url, "ws-2", shown)
        second.gitlease("install", "--offline", "--strict")
        for workspace in (first, second):
            assert password(workspace.ask("acme/app").stdout)
        name = "github.com~acme~app"
        old = first.record(name).token.fingerprint
        assert second.record(name).token.fingerprint == old
        with refreshing(first), refreshing(second):
            for workspace in (first, second):
                wait_for(lambda w=workspace: w.record(name).token.fingerprint != old, 60)  # type: ignore[misc]
        # The broker renews by itself too, once in a token's life.
        assert 2 <= github.stats()["mints"] <= 3


def test_a_person_may_refresh_now(workspace: Workspace) -> None:
    workspace.env["GITLEASE_GH"] = "off"
    ran = workspace.gitlease("refresh")
    assert ran.stdout == b"no cached token; the next git command fetches one\n"
    workspace.ask("acme/app")
    [line] = workspace.gitlease("refresh").stdout.decode().splitlines()
    assert re.fullmatch(r"ok      github.com/acme: lives 3[56]\d\d s more", line)
    workspace.age(ACME, 2300)
    [line] = workspace.gitlease("refresh").stdout.decode().splitlines()
    assert re.fullmatch(r"ok      github.com/acme: renewed, lives 3[56]\d\d s more", line)
    workspace.age(ACME, 2300)
    workspace.github.fault("mint", status=503)
    ran = workspace.gitlease("refresh", check=False)
    assert ran.returncode == 1
    assert ran.stdout.startswith(b"failed  github.com/acme: ")
