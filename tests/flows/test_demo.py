"""The demonstration tells the truth, ends well, and leaves nothing behind when it is stopped."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "gitlease", "demo"]


def test_no_git_command_fails_and_one_crowd_mints_once(tmp_path: Path) -> None:
    env = environment(tmp_path)
    ran = subprocess.run(COMMAND, env=env, cwd=tmp_path, capture_output=True, check=False)
    told = ran.stdout.decode()
    assert (ran.returncode, ran.stderr) == (0, b""), told
    assert re.search(r"^  failures +0$", told, re.MULTILINE)
    assert "30 fetches at once on an empty cache: 1 token minted" in told
    assert "none of its grants covers acme/outer" in told
    assert "red fetches: no token for github.com/other/lib" in told
    assert re.search(r"the journal: blue$", told, re.MULTILINE)
    assert re.search(r"[1-9]\d* commands of git, [1-9]\d* of gh: none failed$", told, re.MULTILINE)
    assert "ghs_" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "moment", ["git now asks our helper", "waiting until", "workspace blue", "its refresher"]
)
def test_stopped_by_hand_it_leaves_nothing_running(tmp_path: Path, moment: str) -> None:
    env = environment(tmp_path)
    process = subprocess.Popen(
        # Who runs the tests in the background may have left us deaf to it.
        ["env", "--default-signal=INT", *COMMAND],
        env=env,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if moment.encode() in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
    assert running(process.pid) == []
    # The sleep of a refresher that was killed goes on to its end, which is seconds away.
    deadline = time.monotonic() + 30
    while (left := left_behind(tmp_path)) and time.monotonic() < deadline:
        assert all(words.startswith("sleep") for words in left)
        time.sleep(0.2)
    assert left == []
    assert list(tmp_path.iterdir()) == []


def environment(folder: Path) -> dict[str, str]:
    """Return what `make demo` gives: our own gh is on PATH, and *folder* for temporary files."""
    path = f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "TMPDIR": str(folder)}


def running(group: int) -> list[str]:
    """Return the programs that still run in the process group; a dead one is not running."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = path.read_text().rpartition(")")
            state, _, its_group = rest.split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(name.partition("(")[2])
    return found


def left_behind(folder: Path) -> list[str]:
    """Return the programs that know of *folder*, whatever session they are in."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            known = (path / "environ").read_bytes() + (path / "cmdline").read_bytes()
            if str(folder).encode() in known and path.name != str(os.getpid()):
                found.append((path / "cmdline").read_bytes().decode("utf-8", "replace"))
    return found
