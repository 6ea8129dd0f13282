"""
A system without /proc and without the programs that only Linux has, as macOS is one.

The helper then has no clock that it could read without a process, so that Python answers git; all
else holds as it does elsewhere.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from gitlease.workspace import daemon
from gitlease.workspace.settings import load
from tests.support.loops import end_all, wait_for
from tests.support.machines import Machine
from tests.support.workspaces import Workspace, password

ACME = "github.com~acme"
# What POSIX has, and git and gh: no setsid, no flock, no stat or date with GNU's options.
PROGRAMS = ("sh", "bash", "cat", "env", "gh", "git", "ls", "mkdir", "rm", "sed", "sleep", "uname")
WITHOUT_PROC = ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c"]
WITHOUT_PROC += ['/bin/mount -t tmpfs none /proc && exec "$@"', "sh"]


@dataclass
class Mac:
    """A workspace whose programs find no /proc, and nothing on PATH but `PROGRAMS`."""

    workspace: Workspace

    def run(
        self, *words: str | Path, code: int | None = 0, data: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        ran = self.workspace.machine.run(
            [*WITHOUT_PROC, *words],
            env=self.workspace.env,
            cwd=self.workspace.home,
            input=data,
            check=False,
        )
        assert code in {None, ran.returncode}, (ran.stdout, ran.stderr)
        return ran

    def gitlease(self, *words: str, code: int | None = 0) -> str:
        return self.run(self.workspace.machine.gitlease, *words, code=code).stdout.decode()

    @property
    def pid(self) -> int | None:
        """The refresher that holds the lock."""
        return daemon.is_running(load({"GITLEASE_HOME": str(self.workspace.state)}))


@pytest.fixture
def mac(machine: Machine, github: GitHub) -> Iterator[Mac]:
    workspace = Workspace.on(machine, github)
    path = workspace.home / "programs"
    path.mkdir()
    for name in PROGRAMS:
        (path / name).symlink_to(machine.which(name) or name)
    workspace.env |= {
        "PATH": str(path),
        "SSL_CERT_FILE": str(github.ca_file),
        "GITLEASE_GH_OWNER": "acme",
    }
    yield Mac(workspace)
    end_all(workspace.state)


def test_git_and_gh_work_and_all_is_found_healthy(mac: Mac) -> None:
    assert "failed" not in mac.gitlease("install", "--strict")
    url = "https://github.com/acme/app"
    for _ in range(2):
        assert mac.run("git", "ls-remote", "-q", url).stderr == b""
    assert mac.run("gh", "api", "repos/acme/app", "--jq", ".full_name").stdout == b"acme/app\n"
    assert mac.workspace.github.stats()["mints"] == 1
    wait_for(lambda: bool(mac.pid))
    assert mac.gitlease("status").startswith("healthy")
    mac.gitlease("doctor")
    token = mac.workspace.record(ACME).token.secret.reveal()
    assert mac.gitlease("token", "--owner", "acme") == f"{token}\n"


def test_a_dead_or_refused_token_is_not_served(mac: Mac) -> None:
    mac.gitlease("install", "--offline", "--strict")
    asked = b"protocol=https\nhost=github.com\npath=acme/app\n\n"
    first = password(mac.run(mac.workspace.helper, "get", data=asked).stdout)
    assert first == password(mac.run(mac.workspace.helper, "get", data=asked).stdout)
    mac.workspace.age(ACME, 3700)
    second = password(mac.run(mac.workspace.helper, "get", data=asked).stdout)
    assert second not in {None, first}
    mac.workspace.age(ACME, 60)
    erased = asked[:-1] + f"password={second}\n\n".encode()
    mac.run(mac.workspace.helper, "erase", data=erased)
    assert password(mac.run(mac.workspace.helper, "get", data=asked).stdout) not in {None, second}


def test_the_refresher_is_one_is_revived_and_ends(mac: Mac) -> None:
    env_before = mac.run("env", code=0).stdout
    told = mac.run(mac.workspace.machine.gitlease, "run", "--wait", "30", "--", "env").stdout
    shims = f"PATH={mac.workspace.state}/shims:"
    assert told.replace(shims.encode(), b"PATH=") == env_before
    first = mac.pid
    assert first
    mac.gitlease("run", "--", "sh", "-c", "exit 0")
    assert mac.pid == first
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: mac.pid is None)
    mac.workspace.age(ACME, 3700)
    mac.run("git", "ls-remote", "-q", "https://github.com/acme/app")
    wait_for(lambda: mac.pid not in {None, 0, first})
    mac.gitlease("uninstall")
    assert mac.pid is None
    assert not mac.workspace.state.exists()
