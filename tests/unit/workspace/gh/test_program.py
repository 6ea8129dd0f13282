"""The real gh is found behind whatever else is on PATH."""

from pathlib import Path

from gitlease.workspace.gh import program


def test_gh_is_found_behind_a_folder_that_cannot_be_looked_into(home: Path) -> None:
    """As one of root's that an ordinary user has on PATH, after `su`."""
    gh = home / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text("#!/bin/sh\n")
    gh.chmod(0o755)
    path = f"/{'x' * 300}:{home}:{gh.parent}"
    assert program.find({"PATH": path}) == str(gh)
