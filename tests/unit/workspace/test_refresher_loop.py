"""The loop sleeps as long as a round says, survives every round, and ends when it has to."""

import os
import shutil
import signal
import stat
from pathlib import Path

import pytest

from gitlease.workspace import daemon
from tests.support.environment import missing
from tests.support.loops import Loop, children, ended, wait_for
from tests.support.machines import SHELLS
from tests.support.parts import settings


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest) -> list[str]:
    words = SHELLS[request.param]
    return words if shutil.which(words[0]) else missing(f"{words[0]} is not installed")


@pytest.fixture
def loop(home: Path) -> Loop:
    return Loop(settings(home))


def sleeping(pid: int, seconds: str) -> bool:
    return [words for _, words in children(pid) if words.endswith(f"sleep {seconds}")] != []


def test_it_sleeps_as_long_as_the_round_has_said(loop: Loop, shell: list[str]) -> None:
    loop.act("echo 1")
    with loop.running(shell) as process:
        wait_for(lambda: loop.rounds == 2)
        loop.act("echo 86399")
        wait_for(lambda: sleeping(process.pid, "86399"))
        assert loop.rounds == 3


@pytest.mark.parametrize(
    "act",
    ["", "echo", "echo soon", "echo -1", "echo 1.5", "echo 999999", "echo 1 2", "kill -9 $$"],
)
def test_a_round_that_says_nothing_of_use_is_tried_again_soon(loop: Loop, act: str) -> None:
    loop.act(act)
    with loop.running(["dash"]) as process:
        wait_for(lambda: sleeping(process.pid, "30"))


def test_a_python_that_is_gone_is_waited_for(loop: Loop, shell: list[str]) -> None:
    """While a package is being replaced there is none for a moment."""
    (loop.settings.home / "python").rename(loop.settings.home / "elsewhere")
    with loop.running(shell) as process:
        wait_for(lambda: sleeping(process.pid, "30"))
        (loop.settings.home / "elsewhere").rename(loop.settings.home / "python")
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda: sleeping(process.pid, "99999"))


def test_where_sleep_does_not_work_it_does_not_race(
    loop: Loop, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "bin").mkdir()
    (home / "bin" / "sleep").write_text("#!/bin/sh\nexit 1\n")
    (home / "bin" / "sleep").chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}/bin:{os.environ['PATH']}")
    # The second time the stub is Python's own sleep.
    loop.act("""case "$*" in *time.sleep*) exec /bin/sleep 77 ;; esac; echo 55""")
    with loop.running(["dash"]) as process:
        wait_for(lambda: sleeping(process.pid, "77"))
        assert loop.rounds == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("busy", [False, True], ids=["asleep", "in a round"])
def test_a_signal_ends_it_at_once_with_its_sleep_or_round(
    loop: Loop, shell: list[str], number: signal.Signals, *, busy: bool
) -> None:
    if busy:
        loop.act("exec sleep 88888")
    with loop.running(shell) as process:
        wait_for(lambda: sleeping(process.pid, "88888" if busy else "99999"))
        [(child, _)] = children(process.pid)
        process.send_signal(number)
        assert process.wait(10) == 0
        assert loop.is_free()
        wait_for(lambda: ended(child))


def test_when_it_is_killed_its_place_is_free_though_its_sleep_goes_on(
    loop: Loop, shell: list[str]
) -> None:
    with loop.running(shell) as process:
        wait_for(lambda: sleeping(process.pid, "99999"))
        process.kill()
        process.wait()
        assert loop.is_free()


def test_the_place_of_a_killed_one_is_free_though_its_round_goes_on(
    loop: Loop, shell: list[str]
) -> None:
    loop.act("exec sleep 88888")
    with loop.running(shell) as process:
        wait_for(lambda: sleeping(process.pid, "88888"))
        process.kill()
        process.wait()
        assert loop.is_free()


def test_who_is_woken_begins_a_round(loop: Loop, shell: list[str]) -> None:
    with loop.running(shell) as process:
        for rounds in (1, 2, 3):
            wait_for(lambda rounds=rounds: loop.rounds == rounds)  # type: ignore[misc]
            wait_for(lambda: sleeping(process.pid, "99999"))
            process.send_signal(signal.SIGUSR1)
        wait_for(lambda: loop.rounds == 4)


def test_who_is_woken_in_a_round_finishes_it_and_begins_another(
    loop: Loop, shell: list[str]
) -> None:
    """The round may have looked before there was anything to see."""
    go_on = loop.settings.home / "go-on"
    loop.act(
        f"cd '{loop.settings.home}'; mkdir busy || touch overlap; "
        "while [ ! -e go-on ]; do sleep 0.02; done; rmdir busy; echo 99999"
    )
    with loop.running(shell) as process:
        wait_for(lambda: loop.rounds == 1)
        process.send_signal(signal.SIGUSR1)
        # It has been heard when the signal is pending no more.
        wait_for(lambda: _pending(process.pid) == 0)
        go_on.touch()
        wait_for(lambda: loop.rounds == 2 and sleeping(process.pid, "99999"))
        assert not (loop.settings.home / "overlap").exists()


def _pending(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1], 16) for line in lines if line[:7] in {"SigPnd:", "ShdPnd:"})


def test_a_suspended_one_goes_on(loop: Loop) -> None:
    with loop.running(["dash"]) as process:
        wait_for(lambda: sleeping(process.pid, "99999"))
        os.killpg(process.pid, signal.SIGSTOP)
        for number in (signal.SIGUSR1, signal.SIGCONT):
            process.send_signal(number)
        wait_for(lambda: loop.rounds == 2 and sleeping(process.pid, "99999"))


@pytest.mark.parametrize("end", ["program", "pid file", "another's place"])
def test_it_ends_when_it_is_not_wanted_any_more(loop: Loop, shell: list[str], end: str) -> None:
    with loop.running(shell) as process:
        wait_for(lambda: sleeping(process.pid, "99999"))
        match end:
            case "program":
                loop.settings.refresher.unlink()
            case "pid file":
                shutil.rmtree(loop.settings.home / "run")
            case _:
                daemon.pid_file(loop.settings).write_text("1\n")
        process.send_signal(signal.SIGUSR1)
        assert process.wait(10) == 0
        assert loop.rounds == 1


def test_a_round_inherits_nothing_but_three_descriptors(loop: Loop, shell: list[str]) -> None:
    """Neither the lock nor what the starter had open; what it writes is ours alone."""
    with loop.running(shell):
        wait_for(lambda: (loop.settings.home / "umasks").exists() and loop.rounds == 1)
        assert (loop.settings.home / "umasks").read_text() == "0077\n"
        lines = (loop.settings.home / "descriptors").read_text()
        assert "refresher.pid" not in lines
        assert "/dev/null" in lines
        assert (loop.settings.home / "rounds").read_text().split()[-1] == "--print-next"
        mode = stat.S_IMODE((loop.settings.home / "descriptors").stat().st_mode)
        assert mode == 0o600


def test_the_first_round_may_be_delayed(loop: Loop, shell: list[str]) -> None:
    with loop.running(shell, delay="7777") as process:
        wait_for(lambda: sleeping(process.pid, "7777"))
        assert loop.rounds == 0
