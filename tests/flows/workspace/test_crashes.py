"""A crash of ours leaves no dump, in which a token or the App's key would be found."""

import signal
import subprocess
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.support.environment import missing
from tests.support.evidence import Survived
from tests.support.polling import until
from tests.support.workspaces import Workspace

HOST = pytest.mark.parametrize("machine", ["host"], indirect=True)
# Whoever starts it wants dumps; what is told is the limit that it had.
WANTS = 'ulimit -S -c "$(ulimit -H -c)" && exec "$@"'
REQUEST = b"protocol=https\nhost=github.com\npath=acme/app\n\n"


def limit_of(pid: int) -> str:
    """Return the size (soft) that a dump of process *pid* may have."""
    [line] = [
        line
        for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
        if line.startswith("Max core file size")
    ]
    return line.split()[4]


def started(workspace: Workspace, *words: str) -> "subprocess.Popen[bytes]":
    request = workspace.home / "request"
    request.write_bytes(REQUEST)
    with request.open("rb") as stdin:
        return workspace.machine.popen(
            ["sh", "-c", WANTS, "sh", workspace.machine.gitlease, *words],
            env=workspace.env,
            cwd=workspace.home,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@HOST
@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize(
    "words",
    [["credential", "get"], ["token", "--owner", "acme"], ["install"], ["doctor"]],
    ids=lambda words: words[0],
)
def test_no_process_that_knows_a_secret_may_be_dumped(
    workspace: Workspace, github: GitHub, words: list[str], survived: Survived
) -> None:
    """It is looked at while it waits for GitHub, to which it has shown a proof by the key."""
    asked = github.stats()["api_calls"]
    github.fault("api", hang=True)
    process = started(workspace, *words)
    until(lambda: github.stats()["api_calls"] > asked)
    assert limit_of(process.pid) == "0"
    process.send_signal(signal.SIGQUIT)
    process.wait(30)
    assert list(workspace.home.glob("core*")) == []
    survived("a crash of a process that knows the App's key")


@HOST
def test_the_command_that_run_becomes_has_its_own_limit_back(workspace: Workspace) -> None:
    process = started(workspace, "run", "--", "sh", "-c", "ulimit -S -c; ulimit -H -c")
    assert process.stdout is not None
    soft, hard = process.stdout.read().split()
    if hard == b"0":
        missing("dumps are switched off for good here")
    assert soft == hard
