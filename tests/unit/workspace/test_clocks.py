"""Two clocks are read at once, and a shell is trusted with them only where it sees the same."""

import os
import time
from pathlib import Path

import pytest

from gitlease.model.frozen import replace
from gitlease.workspace import clocks
from gitlease.workspace.clocks import Moment


def test_the_present_is_read_from_both_clocks() -> None:
    before = (time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
    moment = clocks.read()
    after = (time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
    assert before[0] <= moment.wall <= after[0]
    assert before[1] <= moment.boot <= after[1]
    assert moment.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_without_a_boot_id_the_boot_clock_says_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clocks, "_BOOT_ID", tmp_path / "missing")
    moment = clocks.read()
    assert moment.boot_id == ""
    assert not clocks.shell_readable(moment)


def test_a_system_without_a_boot_clock_has_its_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    moment = clocks.read()
    assert moment == Moment(moment.wall, 0.0, "")


@pytest.mark.parametrize("text", [None, "", "soon", "17.5 3.2\n"])
def test_a_shell_is_not_trusted_where_its_uptime_is_missing_strange_or_the_containers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    uptime = tmp_path / "uptime"
    if text is not None:
        uptime.write_text(text)
    monkeypatch.setattr(clocks, "_UPTIME", uptime)
    moment = replace(clocks.read(), boot=1e6)
    assert not clocks.shell_readable(moment)


def test_an_entry_of_proc_that_was_looked_at_before_is_not_taken_for_new() -> None:
    """A process that lives long, and lists its own descriptors, still has records for the shell."""
    first = 0.0
    for number in [os.open("/proc/self", os.O_RDONLY) for _ in range(20)]:
        first = os.lstat(f"/proc/self/fd/{number}").st_mtime
        os.close(number)
    deadline = time.monotonic() + 5
    while clocks._stamp_of_a_new_file() <= first + 0.02:
        assert time.monotonic() < deadline
