"""The step that logs gh in says why it does not, and leaves everything as it was."""

from pathlib import Path

import pytest

from gitlease.workspace.install.gh_login import GhLogin
from gitlease.workspace.settings import Settings
from tests.support.parts import settings, tree


@pytest.fixture
def mine(home: Path) -> Settings:
    return settings(home)


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    gh = home / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text("#!/bin/sh\nexit 1\n")
    gh.chmod(0o755)
    return {"HOME": str(home), "PATH": str(gh.parent)}


def test_without_gh_there_is_nothing_to_do(mine: Settings, home: Path) -> None:
    env = {"HOME": str(home), "PATH": str(home), "GITLEASE_APP_ID": "1"}
    assert GhLogin(mine, env).do() == ("skipped", "gh is not installed")


def test_without_a_source_it_waits_for_one(mine: Settings, env: dict[str, str]) -> None:
    assert GhLogin(mine, env).do() == ("skipped", "no source of tokens is configured yet")


@pytest.mark.parametrize("variable", ["GH_TOKEN", "GITHUB_TOKEN"])
def test_a_token_of_the_environment_is_not_written_down(
    mine: Settings, env: dict[str, str], home: Path, variable: str
) -> None:
    said = GhLogin(mine, env | {variable: "ghp_mine"}).do()
    assert said == ("skipped", f"gh has the token in {variable}, as we do")
    assert not (home / ".config").exists()
    assert not any(b"ghp_mine" in data for data in tree(home).values())


def test_what_was_never_done_is_undone_already(mine: Settings, env: dict[str, str]) -> None:
    assert GhLogin(mine, env).undo()[0] == "already"
