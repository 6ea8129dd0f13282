"""How old the environment's token is at the most, by the processes that had it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitlease.model.errors import SourceError
from gitlease.model.frozen import replace
from tests.support.environs import CLASSIC, Processes, expiry, stateless
from tests.support.parts import Clock

# What stands for /proc has environments in it.
pytestmark = pytest.mark.plants(r"file .*/proc/\d+/environ")
HOUR = 3600.0
HERE = os.getpid()
UNKNOWN = "GH_TOKEN may be over an hour old: the process that brought it cannot be looked into"


@pytest.fixture
def clock() -> Clock:
    return Clock(replace(Clock().moment, boot=100_000.0))


@pytest.fixture
def processes(home: Path) -> Processes:
    (home / "proc").mkdir()
    return Processes(home / "proc")


@pytest.mark.parametrize(
    "token",
    [
        stateless(),
        stateless(exp=None),
        stateless(exp=float("nan")),
        stateless(exp=float("inf")),
        stateless(exp=[1]),
        stateless(exp=10**400),
        "ghs_1_a.!!!!.c",
        "ghs_1_a.YQ.c",
        "ghs_1_a.W10.c",
        "ghs_a.b",
    ],
)
def test_a_token_whose_inside_says_nothing_is_as_old_as_its_process(
    home: Path, clock: Clock, processes: Processes, token: str
) -> None:
    processes.start(HERE, 77, at=clock().boot - 600, GH_TOKEN=token)
    processes.start(77, 1, at=clock().boot - 9000)
    assert expiry(home, clock, token) == pytest.approx(HOUR - 600)


def test_a_token_is_as_old_as_the_oldest_process_that_held_it(
    home: Path, clock: Clock, processes: Processes
) -> None:
    processes.start(HERE, 77, at=clock().boot - 1)
    processes.start(77, 66, at=clock().boot - 500, GH_TOKEN=CLASSIC)
    processes.start(66, 55, at=clock().boot - 2000, GH_TOKEN=CLASSIC)
    processes.start(55, 1, at=clock().boot - 9000, GH_TOKEN="ghs_other")
    processes.start(1, 0, at=clock().boot - 9999, GH_TOKEN=CLASSIC)
    assert expiry(home, clock) == pytest.approx(HOUR - 2000)


def test_a_token_that_the_container_was_started_with_long_ago_is_dead(
    home: Path, clock: Clock, processes: Processes
) -> None:
    processes.start(HERE, 1, at=clock().boot - 1)
    processes.start(1, 0, at=clock().boot - 3596, GH_TOKEN=CLASSIC)
    with pytest.raises(SourceError, match="GH_TOKEN has expired; unset it"):
        expiry(home, clock)


def test_a_process_from_outside_has_the_environment_of_the_containers_first(
    home: Path, clock: Clock, processes: Processes
) -> None:
    # `docker exec`: no parent in the container, and the variables that it was created with.
    processes.start(HERE, 0, at=clock().boot - 1)
    processes.start(1, 0, at=clock().boot - 86_400, GH_TOKEN=CLASSIC)
    with pytest.raises(SourceError, match="has expired"):
        expiry(home, clock)
    processes.start(1, 0, at=clock().boot - 86_400)
    assert expiry(home, clock) == pytest.approx(HOUR - 1)


def test_a_parent_that_we_may_not_look_into_may_hold_the_token(
    home: Path, clock: Clock, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes.start(HERE, 1, at=clock().boot - 1)
    processes.start(1, 0, at=clock().boot - 86_400)
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path.parent.name == "1":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    with pytest.raises(SourceError, match=UNKNOWN):
        expiry(home, clock)
    processes.start(1, 0, at=clock().boot - 600)
    assert expiry(home, clock) == pytest.approx(HOUR - 600)


@pytest.mark.parametrize("reaper", [1, 55], ids=["first process", "subreaper"])
def test_an_orphans_token_is_at_most_as_old_as_who_took_it_in(
    home: Path, clock: Clock, processes: Processes, reaper: int
) -> None:
    # A daemon, forked twice in a session of its own: who brought the token has exited.
    processes.start(HERE, 77, at=clock().boot - 1, session=70)
    processes.start(77, reaper, at=clock().boot - 20, session=70, GH_TOKEN=CLASSIC)
    processes.start(reaper, 1, at=clock().boot - 86_400, session=reaper)
    with pytest.raises(SourceError, match=UNKNOWN):
        expiry(home, clock)
    processes.start(reaper, 1, at=clock().boot - 900, session=reaper)
    assert expiry(home, clock) == pytest.approx(HOUR - 900)


def test_an_orphan_in_the_first_processs_own_session_is_one_all_the_same(
    home: Path, clock: Clock, processes: Processes
) -> None:
    processes.start(HERE, 1, at=clock().boot - 1, session=1)
    processes.start(1, 0, at=clock().boot - 86_400, session=1)
    with pytest.raises(SourceError, match=UNKNOWN):
        expiry(home, clock)


def test_a_window_of_tmux_has_its_token_from_the_server(
    home: Path, clock: Clock, processes: Processes
) -> None:
    processes.start(HERE, 66, at=clock().boot - 1, session=66)
    processes.start(66, 55, at=clock().boot - 10, session=66, GH_TOKEN=CLASSIC)
    processes.start(55, 1, at=clock().boot - 2000, session=55, GH_TOKEN=CLASSIC)
    processes.start(1, 0, at=clock().boot - 2500, session=1, GH_TOKEN=CLASSIC)
    assert expiry(home, clock) == pytest.approx(HOUR - 2500)
    processes.start(1, 0, at=clock().boot - 86_400, session=1)
    with pytest.raises(SourceError, match=UNKNOWN):
        expiry(home, clock)


@pytest.mark.parametrize("stat", [None, "", "1 (x) S", "1 (x) S 1 " + "0 " * 17 + "soon"])
@pytest.mark.parametrize("pid", [HERE, 1], ids=["we", "our parent"])
def test_a_token_of_unknown_age_is_not_used(
    home: Path, clock: Clock, processes: Processes, stat: str | None, pid: int
) -> None:
    processes.start(HERE, 1, at=0)
    if stat is None:
        (processes.folder / str(HERE) / "stat").unlink()
    else:
        processes.start(pid, 1, at=0)
        (processes.folder / str(pid) / "stat").write_text(stat)
    with pytest.raises(SourceError, match=UNKNOWN):
        expiry(home, clock)


def test_a_process_from_the_future_tells_nothing(
    home: Path, clock: Clock, processes: Processes
) -> None:
    processes.start(HERE, 1, at=clock().boot + 5000)
    with pytest.raises(SourceError, match=UNKNOWN):
        expiry(home, clock)


AGE = """
import sys
from pathlib import Path
from gitlease.workspace import clocks
from gitlease.workspace.sources.environ import oldest_holder
age = oldest_holder(Path("/proc"), "GH_TOKEN", "ghs_c", clocks.read().boot)
print(age and (age.certain, age.seconds < 60))
"""


def test_a_real_process_has_the_age_of_who_brought_the_token() -> None:
    held = dict(os.environ, GH_TOKEN="ghs_c")
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {AGE!r}])"
    ran = subprocess.run(
        [sys.executable, "-c", inner], env=held, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "(True, True)\n"


def test_a_real_daemon_does_not_know_how_old_its_token_is(home: Path) -> None:
    said = home / "said"
    daemon = f"""
import contextlib, os, time
os.fork() and os._exit(0)
os.setsid()
above = os.getpid()
os.fork() and os._exit(0)
while os.getppid() == above: time.sleep(0.001)
with open({str(said) + ".new"!r}, "w") as file, contextlib.redirect_stdout(file):
    exec({AGE!r})
os.rename({str(said) + ".new"!r}, {str(said)!r})
"""
    held = dict(os.environ, GH_TOKEN="ghs_c")
    subprocess.run([sys.executable, "-c", daemon], env=held, check=True)
    for _ in range(1000):
        if said.exists():
            break
        time.sleep(0.01)
    assert said.read_text().startswith(("(False,", "None"))
