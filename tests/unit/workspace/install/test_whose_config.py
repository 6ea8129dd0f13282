"""Which file is git's own for this user, and what git makes of what we put there."""

import os
import subprocess
from pathlib import Path

import pytest

from gitlease.model.errors import GitleaseError
from gitlease.workspace.install.gitconfig import GitConfig, user_config
from gitlease.workspace.install.wiring import file_text
from tests.support.parts import settings


@pytest.mark.parametrize(
    ("env", "files", "expected"),
    [
        ({}, [], ".gitconfig"),
        ({}, [".config/git/config"], ".config/git/config"),
        ({}, [".gitconfig", ".config/git/config"], ".gitconfig"),
        ({"XDG_CONFIG_HOME": "{home}/xdg"}, ["xdg/git/config"], "xdg/git/config"),
        ({"GIT_CONFIG_GLOBAL": "{home}/other"}, [".gitconfig"], "other"),
    ],
)
def test_the_users_file_is_the_one_that_git_writes(
    home: Path, env: dict[str, str], files: list[str], expected: str
) -> None:
    for name in files:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("")
    env = {name: value.format(home=home) for name, value in env.items()} | {"HOME": str(home)}
    assert user_config(env) == home / expected


def test_a_git_that_reads_no_file_of_the_user_is_told_of(home: Path) -> None:
    for env, cure in (
        ({"HOME": str(home), "GIT_CONFIG_GLOBAL": ""}, "unset GIT_CONFIG_GLOBAL"),
        ({"XDG_CONFIG_HOME": str(home)}, "set HOME or GIT_CONFIG_GLOBAL"),
    ):
        with pytest.raises(GitleaseError, match=cure):
            user_config(env)


@pytest.mark.parametrize(
    "name", ["plain", "a b", "a'b", 'a"b', "a\\b", "a#b;c", "a$HOME", "ä", "~x"]
)
def test_git_reads_what_we_meant_whatever_our_folder_is_called(home: Path, name: str) -> None:
    mine = settings(home / name)
    mine.home.mkdir(mode=0o700, parents=True)
    mine.helper.parent.mkdir()
    mine.helper.write_text("#!/bin/sh\necho password=$1\n")
    mine.helper.chmod(0o700)
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    (home / ".gitconfig").write_text('[credential]\n\thelper = "!echo password=leak; false"\n')
    GitConfig(mine, env).do()
    asked = subprocess.run(
        ["git", "credential", "fill"],
        input=b"protocol=https\nhost=github.com\nusername=u\npath=acme/app\n\n",
        env=env,
        cwd=home,
        capture_output=True,
        check=True,
    )
    assert b"password=get\n" in asked.stdout
    assert b"path=acme/app\n" in asked.stdout


def test_another_host_is_not_ours(home: Path) -> None:
    text = file_text(settings(home, host="ghe.example.com:8443"))
    assert '[credential "https://ghe.example.com:8443"]' in text
