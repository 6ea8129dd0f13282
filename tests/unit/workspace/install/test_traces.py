"""A removal finds what earlier installations left, whatever the settings and HOME say by then."""

from pathlib import Path

import pytest

from gitlease.workspace.install.plan import install, uninstall
from gitlease.workspace.install.wiring import identity_file
from gitlease.workspace.settings import load
from tests.support.parts import tree

SCRIPT = "molecule-git-token-helper.sh"


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    (home / ".gitconfig").write_text("[user]\n\tname = a")
    return {
        "HOME": str(home),
        "GITLEASE_HOME": str(home / "ours"),
        "GIT_CONFIG_SYSTEM": str(home / "system-gitconfig"),
        "GITLEASE_SYSTEM_DIR": str(home / "shared"),
    }


def installed(env: dict[str, str], **more: str) -> None:
    said = env | more
    assert not install(load(said), said, offline=True).failed


def removed(env: dict[str, str], **more: str) -> None:
    said = env | more
    assert not uninstall(load(said), said).failed


SCOPES = ["user", "system", "env"]


@pytest.mark.parametrize("second", SCOPES)
@pytest.mark.parametrize("first", SCOPES)
def test_another_scope_leaves_nothing_of_the_one_before(
    env: dict[str, str], home: Path, first: str, second: str
) -> None:
    """Or git would go on to look for a helper that is gone, and ask no other."""
    before = tree(home)
    installed(env, GITLEASE_SCOPE=first)
    installed(env, GITLEASE_SCOPE=second)
    removed(env)
    assert tree(home) == before
    assert not (home / "shared").exists()


def test_a_config_file_that_came_later_hides_the_one_that_includes_us(
    env: dict[str, str], home: Path
) -> None:
    plain = home / ".gitconfig"
    hidden = plain.rename(home / "aside")
    other = home / ".config" / "git" / "config"
    other.parent.mkdir(parents=True)
    other.touch()
    before = tree(home)
    installed(env)
    hidden.rename(plain)
    removed(env)
    plain.rename(hidden)
    assert tree(home) == before


def test_the_include_of_another_home_is_not_taken(env: dict[str, str], home: Path) -> None:
    installed(env)
    installed(env, GITLEASE_HOME=str(home / "other"))
    text = (home / ".gitconfig").read_text()
    removed(env)
    assert (home / ".gitconfig").read_text() == text
    removed(env, GITLEASE_HOME=str(home / "other"))
    assert (home / ".gitconfig").read_text() == "[user]\n\tname = a"


def test_the_scripts_of_an_older_image_come_back_in_whichever_folder(
    env: dict[str, str], home: Path
) -> None:
    for name in ("a", "b"):
        (home / name).mkdir()
        (home / name).chmod(0o755)
    theirs = home / "a" / SCRIPT
    theirs.write_bytes(b"#!/bin/bash\n# theirs \xff\n")
    theirs.chmod(0o750)
    before = tree(home)
    installed(env, GITLEASE_COMPAT_DIR=str(home / "a"))
    installed(env, GITLEASE_COMPAT_DIR=str(home / "a"))
    assert theirs.read_bytes() != before[f"a/{SCRIPT}"]
    installed(env, GITLEASE_COMPAT_DIR=str(home / "b"))
    removed(env)
    assert tree(home) == before
    assert theirs.stat().st_mode & 0o777 == 0o750


def test_a_script_that_a_person_put_in_the_place_of_ours_stays(
    env: dict[str, str], home: Path
) -> None:
    installed(env, GITLEASE_COMPAT_DIR=str(home / "a"))
    (home / "a" / SCRIPT).write_text("#!/bin/bash\n# theirs\n")
    removed(env)
    assert [path.name for path in (home / "a").iterdir()] == [SCRIPT]


def test_what_a_killed_installation_left_goes_too(env: dict[str, str]) -> None:
    installed(env)
    ours = load(env).home
    for folder in (ours, ours / "shims"):
        (folder / f".settings.toml.{'0a' * 8}").touch()
    removed(env)
    assert not ours.exists()


def test_an_identity_that_is_not_wanted_any_more_goes_too(env: dict[str, str]) -> None:
    installed(env)
    identity_file(load(env)).write_text("[user]\n\tname = a[bot]\n")
    removed(env)
    assert not load(env).home.exists()
