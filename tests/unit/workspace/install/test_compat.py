"""Which lines of git's config call the script that we wrote, and no other."""

from pathlib import Path

import pytest

from gitlease.model.frozen import replace
from gitlease.workspace.install.compat import HELPER, Compat, is_older_line
from gitlease.workspace.settings import Settings
from tests.support.parts import settings


@pytest.fixture
def mine(home: Path) -> Settings:
    made = settings(home, compat_dir=home / "old scripts")
    Compat(made, home / "old scripts").do()
    return made


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("!'{}'", True),
        ("!bash '{}'", True),
        ('/bin/sh "{}"', True),
        ("'{}'", True),
        ("!{}", False),
        ("!bash '{}' get", False),
        ("!env '{}'", False),
        ("!'{}", False),
        ("!'{}'; true", False),
        ("!'{}.orig'", False),
        ("", False),
    ],
)
def test_a_line_is_read_as_a_shell_reads_it(mine: Settings, line: str, expected: bool) -> None:
    script = (mine.compat_dir or Path()) / HELPER
    assert is_older_line(mine, line.format(script)) is expected
    assert not is_older_line(replace(mine, compat_dir=None), line.format(script))


def test_the_folder_may_be_named_by_a_link(mine: Settings, home: Path) -> None:
    (home / "link").symlink_to(home / "old scripts")
    assert is_older_line(mine, f"!{home}/link/{HELPER}")


@pytest.mark.parametrize("how", ["gone", "foreign", "open", "not run", "a folder"])
def test_what_lies_there_has_to_be_ours(mine: Settings, how: str) -> None:
    script = (mine.compat_dir or Path()) / HELPER
    match how:
        case "gone":
            script.unlink()
        case "foreign":
            script.write_text("#!/bin/sh\necho password=x\n")
        case "open":
            script.chmod(0o777)
        case "not run":
            script.chmod(0o600)
        case "a folder":
            script.unlink()
            script.mkdir()
    assert not is_older_line(mine, f"!'{script}'")
    # A shell need only read it.
    assert is_older_line(mine, f"!sh '{script}'") == (how == "not run")
