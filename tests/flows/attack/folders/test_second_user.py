"""Two users and one folder: the second one takes nothing, breaks nothing, and is told why."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import load
from tests.flows.attack.folders.test_planted import ASKED, COMMANDS
from tests.support.commoner import Commoner
from tests.support.evidence import Survived, Tried
from tests.support.forgery import give
from tests.support.harm import BELONGINGS
from tests.support.loops import end_below
from tests.support.strangers import UID, as_root, everything, meeting_place

pytestmark = as_root

FIRST = 23456
TRUE = "ghs_ofTheFirstUserOfTheFirstUserOfTheFir"
OWN = {"GITHUB_TOKEN": "ghp_ofTheSecondUser"}


@pytest.fixture
def place() -> Iterator[Path]:
    found = meeting_place()
    yield found
    end_below(found)
    shutil.rmtree(found)


@pytest.fixture
def first(place: Path) -> Commoner:
    """A user with gitlease installed, a token in the cache, and files of their own."""
    user = Commoner.at(place, FIRST, place / "first")
    for name, text in BELONGINGS.items():
        file = place / "first" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)
    give(place / "first", FIRST)
    assert user.gitlease("install", "--offline", "--strict").returncode == 0
    now = time.time()
    token = Token(Secret(TRUE), now + 3600, now, source="test")
    mine = load(user.env)
    give(mine.home, 0)
    Cache(mine).put("github.com~acme", token, clocks.read(), for_all=True)
    give(mine.home, FIRST)
    return user


def settled(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return everything in *folder* but what its refresher writes now and then."""
    return {name: what for name, what in everything(folder).items() if "/run/" not in name}


@pytest.mark.parametrize("uid", [UID, 0], ids=["a stranger", "root"])
def test_who_shares_another_users_folder_takes_and_breaks_nothing(
    first: Commoner, place: Path, uid: int, tried: Tried, survived: Survived
) -> None:
    """Nor does root, who could: all ends in a line, and the first user's git works on."""
    home = str(load(first.env).home)
    second = Commoner.at(place, uid, place / "second")
    second.env |= {**OWN, "GITLEASE_HOME": home}
    before = settled(place / "first")
    for words in COMMANDS:
        ran = second.gitlease(*words, data=ASKED if words[0] == "credential" else b"")
        assert ran.returncode in {0, 1, 2}, (words, ran.stderr)
        said = ran.stdout + ran.stderr
        assert TRUE.encode() not in said
        assert b"Traceback" not in said
        assert b"a defect" not in said
    assert settled(place / "first") == before
    ran = first.gitlease("credential", "get", data=ASKED)
    assert f"password={TRUE}\n".encode() in ran.stdout
    tried("commands in a folder that is another user's", len(COMMANDS))
    survived("two users with one GITLEASE_HOME")


def test_root_in_a_users_home_leaves_that_users_git_alone(
    place: Path, tried: Tried, survived: Survived
) -> None:
    """
    What root includes there that user's git may not read, and ends at every command.

    The user has no name on this machine: another container that shares the home runs as a number.
    """
    with pytest.raises(KeyError):
        pwd.getpwuid(FIRST)
    user = Commoner.at(place, FIRST, place / "first")
    for name, text in BELONGINGS.items():
        file = place / "first" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    shutil.rmtree(place / "first" / ".local")
    give(place / "first", FIRST)
    root = Commoner(0, place, {**user.env, **OWN})
    before = everything(place / "first")
    for words in COMMANDS:
        ran = root.gitlease(*words, data=ASKED if words[0] == "credential" else b"")
        assert ran.returncode in {0, 1, 2}, (words, ran.stderr)
        if words == ("install",):
            assert b"run it as that user" in ran.stdout, ran.stdout
    assert everything(place / "first") == before
    assert user.run("/usr/bin/git", "config", "--global", "user.name").stdout == b"A Person\n"
    tried("commands of root in another user's home", len(COMMANDS))
    survived("root with the HOME of another user")


@pytest.mark.parametrize("given", [True, False], ids=["given", "left to root"])
def test_an_image_that_root_has_built_serves_the_user_that_runs_it(
    place: Path, *, given: bool, survived: Survived
) -> None:
    """If its files were given to that user; otherwise what is in the way is named with a cure."""
    home = place / "home"
    built = Commoner.at(place, 0, home)
    assert built.gitlease("install", "--offline", "--strict").returncode == 0
    if given:
        give(home, FIRST)
    else:
        os.chown(home, FIRST, FIRST)
    user = Commoner(FIRST, place, {**built.env, **OWN})
    before = everything(home)
    ran = user.gitlease("run", "--", "/bin/sh", "-c", "echo started")
    assert (ran.returncode, ran.stdout) == (0, b"started\n"), ran.stderr
    assert b"a defect" not in ran.stderr
    if given:
        assert ran.stderr == b""
    else:
        # Our include goes: that user's git may not read what it names, and would do nothing.
        assert b"gitlease" in before.pop(".gitconfig")[3]
        after = {name: what for name, what in everything(home).items() if name in before}
        assert after == before
        assert b"to us" in ran.stderr or b"Permission denied" in ran.stderr
    token = user.gitlease("token", "--owner", "acme")
    assert token.stdout == b"ghp_ofTheSecondUser\n", token.stderr
    survived("an image built by root and run by a user")


def test_git_goes_on_for_a_user_whose_home_was_made_before_this_check(place: Path) -> None:
    """Root's own home may lie where it would be refused today; what is there goes on."""
    odd = place / "odd"
    root = Commoner.at(place, 0, odd)
    assert root.gitlease("install", "--offline", "--strict").returncode == 0
    odd.chmod(0o777)
    ran = root.gitlease("install", "--offline", "--json")
    assert b'"failed": false' in ran.stdout, ran.stdout
    asked = subprocess.run(
        [load(root.env).helper, "get"], input=ASKED, env={**root.env, **OWN}, capture_output=True,
        check=True,
    )  # fmt: skip
    assert b"password=ghp_ofTheSecondUser\n" in asked.stdout
