"""The tutorial is true word for word: each command shows what the page says, and none stays."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.consoles import files_of, fits, play, steps_of
from tests.support.environment import CHECKOUT
from tests.support.loops import end_below, wait_for

PAGE = (CHECKOUT / "docs/tutorial.md").read_text()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "lab"
    folder.mkdir()
    yield folder
    end_below(folder)


def test_every_command_shows_what_the_page_says(lab: Path) -> None:
    steps = steps_of(PAGE)
    for name, text in files_of(PAGE).items():
        (lab / name).write_text(text)
    env = {
        "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        # All of it is installed; what is newer is no business of a test.
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INDEX": "1",
    }
    told = play(steps, lab, env, 240)
    assert len(told) == len(steps) + 1, told[-1]
    for step, printed in zip(steps, told, strict=False):
        assert fits(step.shown, printed), (step.command, step.shown, printed)

    wait_for(lambda: running_in(lab) == [])


def running_in(folder: Path) -> list[str]:
    """Return the programs of ours that run with *folder* for their home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace")
            if "gitlease" in words and bytes(folder) in (process / "environ").read_bytes():
                found.append(words)
    return found
