"""A refresher whose number nobody knows: it had no room to tell it, or has only just begun."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.model.errors import GitleaseError
from gitlease.workspace import daemon
from gitlease.workspace.doctor import refreshing
from gitlease.workspace.doctor.git import Git
from gitlease.workspace.doctor.patient import Patient, Witness
from gitlease.workspace.standing import Standing, write
from gitlease.workspace.transport import Transport
from tests.support.disks import fill, small_file_system
from tests.support.evidence import Survived
from tests.support.loops import Loop, end_all, wait_for
from tests.support.parts import settings
from tests.unit.workspace.test_daemon import ENV, running_in

TELL = "echo $$ >&9 || untold=yes"


@pytest.fixture
def loop(home: Path) -> Iterator[Loop]:
    made = Loop(settings(home))
    yield made
    end_all(made.settings.home)


def telling(loop: Loop, code: str) -> None:
    program = loop.settings.refresher
    text = program.read_text()
    assert TELL in text
    program.write_text(text.replace(TELL, code))


def test_one_that_has_only_just_begun_can_be_stopped(loop: Loop) -> None:
    telling(loop, f"sleep 0.3; {TELL}")
    daemon.start(loop.settings, ENV, wait=False)
    assert daemon.stop(loop.settings)
    assert loop.is_free()


def test_the_cure_ends_it_and_not_whoever_follows_it(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kill -9 0` would end the shell, and all that the shell has started."""
    telling(loop, ":")
    monkeypatch.setattr(daemon, "PATIENCE", 0.2)
    daemon.start(loop.settings, ENV, wait=False)
    wait_for(lambda: loop.rounds == 1)
    with pytest.raises(GitleaseError, match="process unknown") as refused:
        daemon.stop(loop.settings)
    write(loop.settings, Standing(next_due=1.0))
    daemon.marker(loop.settings).touch()
    [late] = refreshing.check_refresher(patient(loop, ENV))
    assert late.cure == f"{refused.value.hint}, then run `gitlease install`"
    said = subprocess.run(
        ["/bin/sh", "-c", f"{refused.value.hint}; echo alive"], capture_output=True, check=False
    )
    assert said.stdout == b"alive\n"
    wait_for(loop.is_free)


def patient(loop: Loop, env: dict[str, str]) -> Patient:
    home = loop.settings.home
    return Patient(loop.settings, env, home, Git(env, home), Witness(Transport(env)))


def test_what_a_full_disk_has_kept_it_from_telling_it_tells_later(
    loop: Loop, survived: Survived
) -> None:
    run = loop.settings.home / "run"
    with small_file_system(run, "size=4k,mode=700"):
        try:
            fill(run)
            daemon.start(loop.settings, ENV, wait=False)
            wait_for(lambda: loop.rounds == 1)
            assert loop.pid == 0
            (run / ".filler").unlink()
            number = asleep(loop.settings.home.parent)
            os.kill(number, signal.SIGUSR1)
            wait_for(lambda: loop.pid == number)
        finally:
            end_all(loop.settings.home)
    survived("a full disk when the refresher starts")


def asleep(home: Path) -> int:
    """Return the number of the loop of *home*, which has no child that looks like itself."""
    found: list[int] = []

    def alone() -> bool:
        found[:] = running_in(home)
        return len(found) == 1

    wait_for(alone)
    return found[0]
