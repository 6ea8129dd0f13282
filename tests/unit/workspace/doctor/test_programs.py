"""The helper's Python is tried, but never one that somebody else may have put there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlease.workspace.doctor.patient import Patient
from gitlease.workspace.doctor.programs import check_helper

Look = Callable[..., Patient]


def bake(patient: Patient, home: Path) -> Path:
    """Let the helper start a program that leaves a trace; return the trace."""
    program, trace = home / "python", home / "started"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    helper = patient.settings.helper
    text = helper.read_text()
    start = text.index("python=")
    helper.write_text(text[:start] + f"python='{program}' " + text[text.index(" main=") + 1 :])
    return trace


def kinds(patient: Patient) -> list[str]:
    return [one.kind for one in check_helper(patient)]


def test_a_python_that_does_not_come_up_is_found(patient: Look, home: Path) -> None:
    assert kinds(patient()) == []
    trace = bake(patient(), home)
    assert kinds(patient()) == ["interpreter"]
    assert trace.exists()


@pytest.mark.parametrize("where", [".", "bin"])
def test_where_others_can_write_nothing_is_started(patient: Look, home: Path, where: str) -> None:
    trace = bake(patient(), home)
    (patient().settings.home / where).chmod(0o777)
    kinds(patient())
    assert not trace.exists()


def test_a_helper_that_is_no_text_of_ours_is_found(patient: Look) -> None:
    patient().settings.helper.write_text("#!/bin/sh\n# 'unbalanced\n")
    assert kinds(patient()) == ["interpreter", "helper-outdated"]


def test_a_helper_for_other_settings_is_found(patient: Look) -> None:
    assert kinds(patient(permissions={"contents": "read"})) == ["helper-outdated"]
