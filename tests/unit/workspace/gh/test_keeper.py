"""What the refresher does for several at once: none has to do without for another."""

import os
from pathlib import Path

import pytest

from gitlease import cli
from gitlease.model.errors import SettingsError
from gitlease.workspace.gh.keeper import Keeper
from gitlease.workspace.gh.login import holds
from gitlease.workspace.install.folders import Folders
from gitlease.workspace.install.refresher import Refresher
from tests.support.parts import settings, token

MINE = token("ghs_mine")


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    folder = home / "bin"
    folder.mkdir()
    (folder / "gh").write_text("#!/bin/sh\nexit 1\n")
    (folder / "gh").chmod(0o755)
    return {"HOME": str(home), "PATH": f"{folder}:{os.environ['PATH']}"}


def test_each_has_the_token(home: Path, env: dict[str, str]) -> None:
    mine = settings(home, token_file=str(home / "token"), app_slug="demo")
    state, text = Keeper(mine, env).log_in(MINE)
    assert state == "done"
    assert text.startswith(f"{home / 'token'} has the token; demo[bot] on github.com, in ")
    assert (home / "token").read_text() == "ghs_mine\n"
    assert holds(mine, env, MINE.secret)


def test_gh_is_logged_in_though_the_file_cannot_be_written(home: Path, env: dict[str, str]) -> None:
    mine = settings(home, token_file=str(home / "gone" / "token"), app_slug="demo")
    with pytest.raises(FileNotFoundError):
        Keeper(mine, env).log_in(MINE)
    assert holds(mine, env, MINE.secret)


def test_the_file_is_written_though_gh_cannot_be_logged_in(home: Path, env: dict[str, str]) -> None:
    (home / ".config").mkdir()
    (home / ".config" / "gh").write_text("no folder")
    mine = settings(home, token_file=str(home / "token"), app_slug="demo")
    with pytest.raises(OSError, match="Not a directory"):
        Keeper(mine, env).log_in(MINE)
    assert (home / "token").read_text() == "ghs_mine\n"


def test_what_is_no_file_stays_what_it_is(home: Path, env: dict[str, str]) -> None:
    """As /dev/null, which somebody names to have no such file, and which root could replace."""
    device = home / "null"
    os.mkfifo(device)
    mine = settings(home, token_file=str(device), app_slug="demo")
    with pytest.raises(SettingsError, match="is no regular file, and gets no token"):
        Keeper(mine, env).log_in(MINE)
    assert holds(mine, env, MINE.secret)
    Folders(mine).do()
    Refresher(mine, env).undo()
    assert device.is_fifo()


@pytest.mark.parametrize("option", ["--login", "--fresh"])
def test_where_nobody_wants_the_token_that_is_said(
    home: Path, option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOME": str(home), "PATH": str(home), "GH_TOKEN": "ghp_mine"}.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["refresh", option]) == 0
    assert capsys.readouterr() == (
        "skipped: there is no gh that we may log in, nor anybody else for its token\n",
        "",
    )


@pytest.mark.guarantee("secrets")
def test_a_persons_own_token_is_kept_in_no_file(home: Path, env: dict[str, str]) -> None:
    mine = settings(home, token_file=str(home / "token"))
    person = token("ghp_mine", source="GH_TOKEN")
    state, text = Keeper(mine, env).log_in(person)
    assert (state, (home / "token").exists()) == ("skipped", False)
    assert text == (
        f"{home / 'token'} is left alone: the token is the one in GH_TOKEN; "
        "gh has the token in GH_TOKEN, as we do"
    )
    assert not holds(mine, env, person.secret)
