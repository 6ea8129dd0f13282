"""One process at a time, and never stuck behind a dead one."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitlease.model.errors import BusyError
from gitlease.workspace.locks import held

HOLD = """
import sys
from pathlib import Path
from gitlease.workspace.locks import held
with held(Path(sys.argv[1])) as really:
    print(really, flush=True)
    sys.stdin.read()
"""
COUNT = """
import sys, time
from pathlib import Path
from gitlease.workspace.locks import held
counter = Path(sys.argv[2])
for _ in range(10):
    with held(Path(sys.argv[1])):
        number = int(counter.read_text())
        time.sleep(0.001)
        counter.write_text(str(number + 1))
"""


def process(program: str, *arguments: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_processes_come_one_after_the_other(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    workers = [process(COUNT, tmp_path / "l", counter) for _ in range(4)]
    assert [worker.communicate()[0] for worker in workers] == [b""] * 4
    assert counter.read_text() == "40"


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    with process(HOLD, tmp_path / "l") as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        with pytest.raises(BusyError, match=r"0\.05 s"), held(tmp_path / "l", limit=0.05):
            pytest.fail("two hold it")
        holder.kill()
        with held(tmp_path / "l", limit=10) as really:
            assert really


def test_a_lock_is_free_after_an_error_inside(tmp_path: Path) -> None:
    with pytest.raises(KeyError), held(tmp_path / "l"):
        raise KeyError
    with held(tmp_path / "l", limit=0) as really:
        assert really


def test_other_names_are_other_locks(tmp_path: Path) -> None:
    with held(tmp_path / "a"), held(tmp_path / "b", limit=0) as really:
        assert really


def test_work_goes_on_unlocked_where_the_file_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "missing" / "l", tmp_path, tmp_path / "link"):
        with held(path) as really:
            assert not really
    assert not (tmp_path / "elsewhere").exists()


def test_work_goes_on_unlocked_and_at_once_where_locks_do_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    began = time.monotonic()
    with held(tmp_path / "l") as really:
        assert not really
    assert time.monotonic() - began < 5


def test_a_lock_is_ours_alone_and_not_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inherited = []
    flock = fcntl.flock

    def note(descriptor: int, operation: int) -> None:
        inherited.append(os.get_inheritable(descriptor))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", note)
    with held(tmp_path / "l"):
        assert inherited == [False]
    assert (tmp_path / "l").stat().st_mode & 0o777 == 0o600
