"""The real gh is found behind whatever else is on PATH."""

from pathlib import Path

from gitlease.workspace.gh import program
from gitlease.workspace.settings import load


def test_gh_is_found_behind_a_folder_that_cannot_be_looked_into(home: Path) -> None:
    """As one of root's that an ordinary user has on PATH, after `su`."""
    gh = home / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text("#!/bin/sh\n")
    gh.chmod(0o755)
    path = f"/{'x' * 300}:{home}:{gh.parent}"
    assert program.find({"PATH": path}) == str(gh)


def test_a_gh_that_no_person_has_started_reports_to_nobody(home: Path) -> None:
    """Nor does it get the variables by which it would mean another token."""
    gh = home / "gh"
    gh.write_text("#!/bin/sh\necho $GH_TELEMETRY,$GH_NO_UPDATE_NOTIFIER,$GH_TOKEN,$KEPT\n")
    gh.chmod(0o755)
    env = {"HOME": str(home), "GH_TELEMETRY": "log", "GH_TOKEN": "ghs_old", "KEPT": "yes"}
    assert program.Program(str(gh), load(env), env).token() == "false,1,,yes"
