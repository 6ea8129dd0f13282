"""What another program of the same user, or a crash, gets out of a broker: nothing secret."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from tests.flows.attack.conftest import APP
from tests.support.brokers import GITLEASE, Broker, bearer, running_broker
from tests.support.canaries import Canaries, command_lines, files
from tests.support.evidence import Survived
from tests.support.memory_of import processes
from tests.support.polling import until

ADMIN = "gla_" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
# Without the rights that let root look at any process, which leaves what its owner may.
DROP = """\
import ctypes, os, sys
for right in (19, 21, 38):  # CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON
    ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
LOOK = """\
import sys
for name in ("environ", "maps", "mem"):
    try:
        open(f"/proc/{sys.argv[1]}/{name}", "rb").read(1)
    except OSError:
        continue
    print(name)
"""
ROUTE = "/workspaces/ws-1/github-installation-token"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the broker's folder, in which a core dump would be written."""
    made = tmp_path / "broker"
    made.mkdir()
    return made


@pytest.fixture
def canaries() -> Canaries:
    made = Canaries()
    made.add("admin token", ADMIN)
    return made


@pytest.fixture
def broker(folder: Path, github: GitHub) -> Iterator[Broker]:
    """Run a broker whose admin token is in its environment, as in many a container."""
    env = {"GITLEASE_BROKER_ADMIN_TOKEN": ADMIN}
    program: list[str | Path] = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', folder]
    program += [sys.executable, "-c", DROP, GITLEASE]
    with running_broker(folder, github, program, **env) as running:
        yield running


def leased(broker: Broker, canaries: Canaries) -> None:
    """Let a workspace have a token, so that there is something to be found."""
    made = broker.ask(
        "POST", "/admin/workspaces", headers=bearer(ADMIN), json={"id": "ws-1", "grants": [APP]}
    )
    assert made.status_code == 201
    new = broker.ask("POST", "/workspaces/ws-1/tokens", headers=bearer(ADMIN)).json()
    canaries.add("bearer", new["auth_token"])
    reply = broker.ask("GET", ROUTE, headers=bearer(new["auth_token"]))
    canaries.add("token", reply.json()["token"])


@pytest.mark.guarantee("secrets")
def test_the_list_of_processes_shows_nothing(broker: Broker, canaries: Canaries) -> None:
    leased(broker, canaries)
    assert canaries.found_in(command_lines(broker.process.pid)) == {}


@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT])
def test_a_crash_leaves_no_dump_and_the_next_worker_serves(
    broker: Broker, folder: Path, canaries: Canaries, number: int, survived: Survived
) -> None:
    leased(broker, canaries)
    worker = processes(broker)[-1]
    os.kill(worker, number)
    until(lambda: worker not in processes(broker) and len(processes(broker)) > 1, 60)
    until(lambda: answers(broker), 60)
    assert not [path for path in folder.rglob("*") if path.name.startswith("core")]
    assert canaries.found_in(files([folder], but={"admin-token", "broker.sqlite.key"})) == {}
    survived(f"a worker of the broker ended by {signal.Signals(number).name}")


def answers(broker: Broker) -> bool:
    try:
        return broker.ask("GET", "/healthz", timeout=2).status_code == 200
    except Exception:  # noqa: BLE001 - it is about to start
        return False


def test_no_process_of_it_may_be_dumped(broker: Broker) -> None:
    """Not by a limit alone, which the kernel does not ask where it pipes dumps to a program."""
    for pid in processes(broker):
        limits = Path(f"/proc/{pid}/limits").read_text()
        line = next(one for one in limits.splitlines() if one.startswith("Max core file size"))
        assert line.split()[4] == "0"


@pytest.mark.guarantee("secrets")
def test_another_program_of_its_user_reads_neither_memory_nor_environment(
    broker: Broker, canaries: Canaries
) -> None:
    leased(broker, canaries)
    helpers = set()
    for pid in processes(broker):
        if "resource_tracker" in Path(f"/proc/{pid}/cmdline").read_text():
            # Python's own process, which has nothing of ours to hide.
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            assert canaries.found(environ) == []
            helpers.add(pid)
        else:
            assert readable(pid) == [], pid
    assert len(helpers) <= 1 < len(processes(broker)) - len(helpers)
    # The same look at a program that does not hide shows what there is.
    words = [sys.executable, "-c", DROP, "-c", "input()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as other:
        until(lambda: "environ" in readable(other.pid))
        other.communicate(b"\n")


def readable(pid: int) -> list[str]:
    """Return what another program of the same user can read of process *pid*."""
    words = [sys.executable, "-c", DROP, "-c", LOOK, str(pid)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
