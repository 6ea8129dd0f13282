"""Another user of the machine, who means harm: what is run as that user, and what it leaves."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

UID = 12345
# Any interpreter that every user can start will do.
PYTHON = "/usr/bin/python3"
_BECOME = f"""\
import os, signal, sys
signal.alarm(900)
os.setgroups([]); os.setgid({UID}); os.setuid({UID})
"""
# What a stranger does again and again, until it is told to stop; then it says how often.
_LOOP = """\
import contextlib
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
rounds = 0
print("began", flush=True)
while not stop:
    act(*sys.argv[1:])
    rounds += 1
print(rounds, flush=True)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a stranger")


def meeting_place() -> Path:
    """Make a folder that every user can walk through; whoever asks removes it."""
    folder = Path(tempfile.mkdtemp(prefix="gitlease-"))
    folder.chmod(0o711)
    return folder


def does(code: str, *words: str | Path) -> None:
    """Let the stranger run Python *code* with *words*."""
    ran = subprocess.run([PYTHON, "-c", _BECOME + code, *words], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr


@contextmanager
def at_work(act: str, *words: str | Path) -> Iterator[list[int]]:
    """Let the stranger call `act` of Python code *act* all the time; yield how often, when over."""
    rounds: list[int] = []
    process = subprocess.Popen(
        [PYTHON, "-c", _BECOME + act + _LOOP, *words], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"began\n"
        yield rounds
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read()
        process.wait()
        process.stdout.close()
        if sys.exc_info()[0] is None:
            rounds.append(int(said))


def everything(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return what is in *folder*: owner, group, mode and bytes (or where a link leads) by path."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        stat = path.lstat()
        data = os.fsencode(path.readlink()) if path.is_symlink() else b""
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
        found[str(path.relative_to(folder))] = (stat.st_uid, stat.st_gid, stat.st_mode, data)
    return found
