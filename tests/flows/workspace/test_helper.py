"""The installed helper: vectors, what a hit starts, single flight, and what goes wrong."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.support.disks import fill, small_file_system
from tests.support.environment import missing, require_tool
from tests.support.evidence import Tried
from tests.support.vectors import SOME
from tests.support.workspaces import Workspace, password

HOST_ONLY = pytest.mark.parametrize("machine", ["host"], indirect=True)


@pytest.mark.guarantee("host")
def test_the_vectors_under_every_shell_and_through_python(
    workspace: Workspace, shell: list[str], tried: Tried
) -> None:
    """The usual requests, and some for each advisory; the unit tests ask all of them."""
    workspace.env["GITLEASE_INSTALLATION_ID"] = str(workspace.github.installations[0]["id"])
    workspace.gitlease("token")
    workspace.gitlease("token", "--owner", "acme")
    programs: list[list[str]] = [[*shell, str(workspace.helper)]]
    if shell[0].endswith("dash"):
        # Python is the same whoever started it.
        programs.append([workspace.machine.gitlease, "credential"])
    for vector in SOME:
        for program in programs:
            ran = workspace.machine.run([*program, "get"], env=workspace.env, input=vector.data)
            answered = password(ran.stdout) is not None
            assert (vector.name, answered) == (vector.name, vector.answered)
            if not answered:
                assert (vector.name, ran.stdout, ran.stderr) == (vector.name, b"", b"")
    tried(
        "requests to the installed helper, under each shell and in Python",
        len(programs) * len(SOME),
    )


@HOST_ONLY
def test_a_hit_starts_no_process(workspace: Workspace, shell: list[str]) -> None:
    """Neither a fork nor an exec after the shell itself has started."""
    require_tool("strace")
    first = workspace.ask("acme/app")
    calls = workspace.home / "calls"
    tracer = ["strace", "-f", "-o", str(calls), "-e", "trace=process", *shell]
    hit = workspace.ask("acme/app", shell=tuple(tracer))
    assert hit.stdout == first.stdout
    assert password(hit.stdout)
    seen = re.findall(r"^\d+ +(\w+)\(", calls.read_text(), re.MULTILINE)
    assert [name for name in seen if name != "exit_group"] == ["execve"]


@pytest.mark.guarantee("one-fetch")
def test_two_hundred_cold_gets_cause_one_mint(workspace: Workspace) -> None:
    processes = [start(workspace) for _ in range(200)]
    replies = [process.communicate(timeout=240) for process in processes]
    passwords = {password(out) for out, _ in replies}
    assert len(passwords) == 1
    assert None not in passwords
    assert [err for _, err in replies if err] == []
    assert workspace.github.stats()["mints"] == 1


@pytest.mark.guarantee("one-fetch")
def test_a_killed_leader_is_replaced(workspace: Workspace) -> None:
    """The lock dies with its holder: the followers fetch, and all are answered."""
    workspace.github.fault("mint", delay=30, count=1)
    leader = start(workspace)
    wait_for(lambda: workspace.github.stats()["faults"] == 1)
    followers = [start(workspace) for _ in range(10)]
    os.killpg(leader.pid, signal.SIGKILL)
    started = time.monotonic()
    replies = [process.communicate(timeout=60) for process in followers]
    assert all(password(out) for out, _ in replies)
    assert time.monotonic() - started < 25
    leader.communicate()


def start(workspace: Workspace) -> "subprocess.Popen[bytes]":
    process = workspace.machine.popen(
        [workspace.helper, "get"],
        env=workspace.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"protocol=https\nhost=github.com\npath=acme/app\n\n")
    process.stdin.flush()
    return process


def wait_for(true: Callable[[], bool], limit: float = 20.0) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_git_meets_no_error_from_a_torn_record(workspace: Workspace) -> None:
    """Cut anywhere, the record is a miss: git is answered all the same."""
    workspace.ask("acme/app")
    record = workspace.state / "cache" / "github.com~acme"
    data, times = record.read_bytes(), record.stat()
    for size in range(0, len(data), 37):
        record.write_bytes(data[:size])
        os.utime(record, (times.st_atime, times.st_mtime))
        ran = workspace.git("ls-remote", "https://github.com/acme/app")
        assert ran.stderr == b""


@pytest.mark.guarantee("renewal")
def test_what_lives_is_served_while_github_is_down(workspace: Workspace) -> None:
    """A failed renewal takes nothing away, and says so in one line."""
    workspace.ask("acme/app")
    workspace.age("github.com~acme", 3600 - 300)
    workspace.github.fault("api", status=503)
    ran = workspace.ask("acme/app")
    assert password(ran.stdout)
    [line] = ran.stderr.decode().splitlines()
    assert "could not be renewed" in line
    assert "503" in line


@pytest.mark.guarantee("expiry")
def test_nothing_expired_is_printed_while_github_is_down(workspace: Workspace) -> None:
    workspace.ask("acme/app")
    workspace.age("github.com~acme", 3600)
    workspace.github.fault("api", status=503)
    ran = workspace.ask("acme/app")
    assert ran.stdout == b"quit=1\n\n"
    assert b"503" in ran.stderr


@pytest.mark.guarantee("renewal")
@HOST_ONLY
def test_a_full_disk_still_answers(workspace: Workspace) -> None:
    """The token is printed, one line says what to mend, and nothing is left behind."""
    cache = workspace.state / "cache"
    with small_file_system(cache, "size=4k,mode=700"):
        fill(cache)
        ran = workspace.ask("acme/app")
        assert password(ran.stdout)
        assert b"No space left on device" in ran.stderr
        assert workspace.cache.names() == []


@pytest.mark.guarantee("renewal")
@HOST_ONLY
def test_a_full_disk_keeps_the_old_record(workspace: Workspace) -> None:
    cache = workspace.state / "cache"
    with small_file_system(cache, "size=12k,mode=700"):
        workspace.ask("acme/app")
        workspace.age("github.com~acme", 3600 - 300)
        old = workspace.record("github.com~acme").token.fingerprint
        fill(cache)
        ran = workspace.ask("acme/app")
        assert password(ran.stdout)
        assert b"No space left on device" in ran.stderr
        assert workspace.record("github.com~acme").token.fingerprint == old


@HOST_ONLY
def test_a_read_only_home_still_answers(workspace: Workspace) -> None:
    cache = workspace.state / "cache"
    with small_file_system(cache, "ro,mode=700"):
        ran = workspace.ask("acme/app")
        assert password(ran.stdout)
        assert b"Read-only file system" in ran.stderr


def test_an_open_home_still_answers(workspace: Workspace) -> None:
    """Nothing is read from or kept in an open folder; the token comes from GitHub each time."""
    (workspace.state / "cache").chmod(0o777)
    ran = workspace.ask("acme/app")
    assert password(ran.stdout)
    assert b"tokens are not kept" in ran.stderr
    assert workspace.cache.names() == []


def test_a_foreign_home_still_answers(workspace: Workspace) -> None:
    if os.geteuid():
        missing("a user who may give a folder away")
    os.chown(workspace.state / "cache", 12345, 12345)
    ran = workspace.ask("acme/app")
    assert password(ran.stdout)
    assert b"belongs to user 12345" in ran.stderr


def test_without_home_the_helper_answers(workspace: Workspace) -> None:
    """The installed program knows where it lives."""
    del workspace.env["HOME"]
    ran = workspace.machine.run(
        [workspace.helper, "get"],
        env={**workspace.env, "HOME": None},
        input=b"protocol=https\nhost=github.com\npath=acme/app\n\n",
    )
    assert password(ran.stdout)


def test_an_empty_environment_finds_what_was_installed(workspace: Workspace) -> None:
    """cron and ssh start git without the container's variables."""
    proxy = {"HTTPS_PROXY": workspace.env["HTTPS_PROXY"]}
    ran = workspace.machine.run(
        [workspace.helper, "get"],
        env=proxy,
        input=b"protocol=https\nhost=github.com\npath=acme/app\n\n",
    )
    assert password(ran.stdout)


def test_a_broken_settings_file_is_set_aside(workspace: Workspace) -> None:
    (workspace.state / "settings.toml").write_text("this is = = no TOML")
    ran = workspace.ask("acme/app")
    assert password(ran.stdout)
    [line] = ran.stderr.decode().splitlines()
    assert "settings.toml is set aside" in line


def test_a_setting_without_meaning_stops_git_with_a_line(workspace: Workspace) -> None:
    """A prompt would hang an agent, and guessing could answer the wrong host."""
    workspace.env["GITLEASE_MIN_TTL"] = "ten minutes"
    ran = workspace.ask("acme/app")
    assert ran.stdout == b"quit=1\n\n"
    [line] = ran.stderr.decode().splitlines()
    assert line.startswith("gitlease: no token for github.com: GITLEASE_MIN_TTL is 'ten minutes'")


def test_the_environments_token_is_the_last_resort_and_not_kept(workspace: Workspace) -> None:
    for name in ("GITLEASE_APP_ID", "GITLEASE_PRIVATE_KEY_FILE"):
        del workspace.env[name]
    shutil.rmtree(workspace.state)
    workspace.gitlease("install", "--offline")
    workspace.env["GITHUB_TOKEN"] = workspace.github.mint("acme")["token"]
    assert password(workspace.ask("acme/app").stdout) == workspace.env["GITHUB_TOKEN"]
    assert workspace.cache.names() == []


def test_a_refused_token_of_the_environment_does_not_come_back(workspace: Workspace) -> None:
    for name in ("GITLEASE_APP_ID", "GITLEASE_PRIVATE_KEY_FILE"):
        del workspace.env[name]
    shutil.rmtree(workspace.state)
    workspace.gitlease("install", "--offline")
    workspace.env["GITHUB_TOKEN"] = "ghp_" + "a" * 36
    ran = workspace.git("ls-remote", "https://github.com/acme/app", check=False)
    assert ran.returncode != 0
    again = workspace.ask("acme/app")
    assert again.stdout == b"quit=1\n\n"
    assert b"GITHUB_TOKEN was refused by GitHub before" in again.stderr
