"""What goes around our helper is looked at without waiting for anybody."""

import os
from collections.abc import Callable
from pathlib import Path

from gitlease.workspace.doctor import overrides
from gitlease.workspace.doctor.patient import Patient

Look = Callable[..., Patient]


def test_a_netrc_that_is_a_pipe_is_not_waited_for(patient: Look, home: Path) -> None:
    """Some keepers of passwords make it one, and give out what it holds when a person agrees."""
    os.mkfifo(home / ".netrc")
    assert list(overrides.check_netrc(patient())) == []


def test_a_netrc_in_a_file_is_read(patient: Look, home: Path) -> None:
    (home / ".netrc").write_text("machine github.com login me password canary\n")
    (home / ".netrc").chmod(0o600)
    [found] = overrides.check_netrc(patient())
    assert found.kind == "netrc"
