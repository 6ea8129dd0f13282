"""A defect of ours ends as any other failure does: git stops, and its user has one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = """
import sys
from gitlease import cli
from gitlease.workspace.helper import Helper
Helper.get = lambda *_: [][0]
sys.exit(cli.main(["credential", "get"]))
"""


@pytest.mark.parametrize(("closed", "said"), [("true", b"quit=1\n\n"), ("false", b"")])
def test_git_asks_nobody_else_where_it_is_not_to(home: Path, closed: str, said: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN],
        input=b"protocol=https\nhost=github.com\n\n",
        env={**os.environ, "HOME": str(home), "GITLEASE_FAIL_CLOSED": closed},
        capture_output=True,
        check=False,
    )
    assert done.stdout == said
    [line] = done.stderr.splitlines()
    assert line.startswith(b"gitlease: a defect (IndexError at ")
