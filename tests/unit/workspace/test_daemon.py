"""One refresher for each home: any number may start it, and whoever may end it can."""

import errno
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gitlease.workspace import daemon, loops, standing
from gitlease.workspace.settings import Settings
from gitlease.workspace.standing import Standing
from tests.support.gates import crowd
from tests.support.loops import Loop, children, end_all, ended, wait_for
from tests.support.parts import settings

ENV = {"PATH": os.environ["PATH"]}


@pytest.fixture
def loop(home: Path) -> Iterator[Loop]:
    made = Loop(settings(home))
    yield made
    end_all(made.settings.home)


def running_in(home: Path) -> list[int]:
    """Return the loops of this test's home."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if f"{home}/gitlease/bin/gitlease-refresher".encode() in words and b"loop" in words:
                found.append(int(entry.name))
    return [number for number in found if not ended(number)]


START = """
import os, sys
from pathlib import Path
from gitlease.workspace import daemon
from gitlease.workspace.settings import Settings
go()
print(daemon.start(Settings(Path(sys.argv[1])), os.environ)[0])
"""


def test_of_fifty_starters_at_once_exactly_one_starts_it(loop: Loop, home: Path) -> None:
    said = crowd(START, loop.settings.home, size=50)
    assert sorted(said) == ["already"] * 49 + ["done"]
    assert running_in(home) == [loop.pid]
    wait_for(lambda: loop.rounds == 1)


def test_who_starts_it_is_not_its_parent_and_shares_nothing_with_it(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git waits for whoever holds its descriptors, a terminal's end would end its session."""
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "of-git").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        secrets = {"GITHUB_TOKEN": "ghs_canary", "AWS_SECRET": "canary", "GITLEASE_HOST": "h"}
        assert daemon.start(loop.settings, ENV | secrets)[0] == "done"
    pid = loop.pid
    assert pid
    own = Path(f"/proc/{pid}")
    assert os.getsid(pid) != os.getsid(0)
    assert pid not in [number for number, _ in children(os.getpid())]
    assert (own / "cwd").readlink() == Path("/")
    wait_for(lambda: loop.rounds == 1)
    places = {int(entry.name): str(entry.readlink()) for entry in (own / "fd").iterdir()}
    assert [places[number] for number in range(3)] == ["/dev/null"] * 3
    rest = {place for number, place in places.items() if number > 2}
    assert rest == {str(daemon.pid_file(loop.settings)), str(loop.settings.refresher)}
    environment = (own / "environ").read_bytes()
    assert b"canary" not in environment
    assert b"GITLEASE_HOST=h\0" in environment
    assert f"GITLEASE_HOME={loop.settings.home}\0".encode() in environment


def test_it_is_started_again_once_it_was_killed(loop: Loop) -> None:
    assert daemon.start(loop.settings, ENV)[0] == "done"
    first = loop.pid
    assert first
    assert daemon.start(loop.settings, ENV) == ("already", f"process {first} runs")
    os.kill(first, signal.SIGKILL)
    wait_for(loop.is_free)
    assert daemon.start(loop.settings, ENV)[0] == "done"
    assert loop.pid not in {None, first}


@pytest.mark.parametrize("suspended", [False, True])
def test_to_stop_it_ends_it_and_all_that_it_has_begun(loop: Loop, *, suspended: bool) -> None:
    loop.act("exec sleep 88888")
    daemon.start(loop.settings, ENV)
    pid = loop.pid
    assert pid
    wait_for(lambda: [words for _, words in children(pid)] == ["sleep 88888"])
    [(child, _)] = children(pid)
    if suspended:
        os.killpg(os.getpgid(pid), signal.SIGSTOP)
    assert daemon.stop(loop.settings)
    assert loop.is_free()
    wait_for(lambda: ended(child))
    assert not daemon.stop(loop.settings)


def test_one_that_does_not_listen_is_ended_by_force(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = loop.settings.refresher.read_text().replace("exit 0' HUP INT TERM", "' HUP INT TERM")
    loop.settings.refresher.write_text(deaf)
    monkeypatch.setattr(daemon, "PATIENCE", 1.0)
    daemon.start(loop.settings, ENV)
    wait_for(lambda: loop.rounds == 1)
    assert daemon.stop(loop.settings)
    assert loop.is_free()


def test_a_process_that_took_its_number_is_left_alone(loop: Loop) -> None:
    """As in a second container that shares the home: the lock is held, the number is another's."""
    stranger = subprocess.Popen(["head", "-n1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    path = daemon.pid_file(loop.settings)
    try:
        with path.open("w") as file:
            path.chmod(0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(str(stranger.pid))
            file.flush()
            for number in (signal.SIGTERM, signal.SIGKILL):
                loops.send(stranger.pid, number, loop.settings.refresher)
            assert daemon.is_running(loop.settings) == stranger.pid
            # A signal would end it before it could be told to end by itself.
            stranger.communicate(b"\n", timeout=30)
            assert stranger.returncode == 0
    finally:
        stranger.kill()
        stranger.wait()


def test_who_only_looks_does_not_keep_a_starter_away(loop: Loop) -> None:
    path = daemon.pid_file(loop.settings)
    path.touch(mode=0o600)
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        let_go = subprocess.Popen(["sleep", "0.1"], stdin=file)
        file.close()
        assert daemon.start(loop.settings, ENV)[0] == "done"
        let_go.wait()


def test_without_the_program_the_cure_is_named(mine: Settings) -> None:
    state, text = daemon.start(mine, ENV)
    assert (state, text.partition(";")[2]) == ("failed", " run `gitlease install`")


@pytest.fixture
def mine(home: Path) -> Settings:
    return settings(home)


def test_one_that_does_not_come_up_is_a_failure_with_a_cure(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.settings.refresher.write_text("exit 0\n")
    monkeypatch.setattr(daemon, "PATIENCE", 0.1)
    state, text = daemon.start(loop.settings, ENV)
    assert (state, text) == ("failed", "it does not come up; run `gitlease refresh` to see why")


# Where there are no locks, as on some network file systems.


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.usefixtures("unlocked")
def test_without_locks_the_number_has_to_do(loop: Loop) -> None:
    assert daemon.is_running(loop.settings) is None
    assert daemon.start(loop.settings, ENV)[0] == "done"
    pid = daemon.is_running(loop.settings)
    assert pid
    assert daemon.start(loop.settings, ENV)[0] == "already"
    assert daemon.stop(loop.settings)
    assert daemon.is_running(loop.settings) is None


@pytest.mark.usefixtures("unlocked")
def test_without_locks_a_second_one_ends_the_first(loop: Loop, home: Path) -> None:
    daemon.start(loop.settings, ENV)
    first = daemon.is_running(loop.settings)
    assert first
    wait_for(lambda: loop.rounds == 1)
    daemon.pid_file(loop.settings).write_text("")
    daemon.start(loop.settings, ENV)
    os.kill(first, signal.SIGUSR1)
    wait_for(lambda: running_in(home) == [daemon.is_running(loop.settings)])
    assert daemon.is_running(loop.settings) != first


def test_without_proc_the_number_is_believed(
    loop: Loop, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS: whoever holds the lock has written it."""
    monkeypatch.setattr(loops, "PROC", home / "nowhere")
    assert daemon.start(loop.settings, ENV)[0] == "done"
    assert daemon.start(loop.settings, ENV)[0] == "already"
    assert daemon.stop(loop.settings)
    for number in ("9" * 20, "999999999"):
        daemon.pid_file(loop.settings).write_text(number)
        assert not daemon.stop(loop.settings)
    daemon.pid_file(loop.settings).write_text("999999999")
    assert not daemon.stop(loop.settings)
    assert daemon.start(loop.settings, ENV)[0] == "done"


# What a miss does.


def attended(loop: Loop, *, next_in: float, due_in: float | None = None) -> None:
    """Let a miss look after a refresher whose next round is in *next_in* seconds."""
    now = time.time()
    standing.write(loop.settings, Standing(next_due=now + next_in))
    daemon.attend(loop.settings, ENV, None if due_in is None else now + due_in)


def test_a_miss_starts_a_dead_refresher_only_where_one_is_wanted(loop: Loop) -> None:
    daemon.attend(loop.settings, ENV)
    assert loop.is_free()
    daemon.marker(loop.settings).touch()
    daemon.attend(loop.settings, ENV)
    wait_for(lambda: bool(loop.pid) and loop.rounds == 1)


@pytest.mark.parametrize(
    ("next_in", "due_in", "woken"),
    [
        (1000.0, None, False),
        (-30.0, None, False),
        (-90.0, None, True),
        (1000.0, 2000.0, False),
        (1000.0, 500.0, True),
    ],
)
def test_a_miss_wakes_one_that_is_overdue_or_would_come_too_late(
    loop: Loop, next_in: float, due_in: float | None, *, woken: bool
) -> None:
    daemon.marker(loop.settings).touch()
    daemon.start(loop.settings, ENV)
    wait_for(lambda: loop.rounds == 1)
    pid = loop.pid
    assert pid
    wait_for(lambda: [words for _, words in children(pid)] == ["sleep 99999"])
    before = children(pid)
    attended(loop, next_in=next_in, due_in=due_in)
    if woken:
        wait_for(lambda: loop.rounds == 2)
    else:
        # A signal would have been there at once.
        assert (children(pid), loop.rounds) == (before, 1)


def test_a_miss_wakes_one_that_was_suspended(loop: Loop) -> None:
    daemon.marker(loop.settings).touch()
    daemon.start(loop.settings, ENV)
    wait_for(lambda: loop.rounds == 1)
    pid = loop.pid
    assert pid
    wait_for(lambda: [words for _, words in children(pid)] == ["sleep 99999"])
    os.killpg(os.getpgid(pid), signal.SIGSTOP)
    attended(loop, next_in=-90)
    wait_for(lambda: loop.rounds == 2)


def test_a_miss_survives_whatever_is_wrong_with_it(loop: Loop) -> None:
    daemon.marker(loop.settings).touch()
    loop.settings.refresher.unlink()
    daemon.attend(loop.settings, ENV)
    loop.settings.home.chmod(0o777)
    loop.settings.refresher.touch()
    daemon.attend(loop.settings, ENV)
    assert loop.is_free()
