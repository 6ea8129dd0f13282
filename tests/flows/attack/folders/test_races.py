"""A stranger who owns the folder above ours swaps it for others while we read and write there."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.model.errors import FolderError
from gitlease.model.targets import Target
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks, events, failures, standing
from gitlease.workspace.cache import Cache
from gitlease.workspace.folders import make_private
from gitlease.workspace.settings import Settings
from gitlease.workspace.settings_file import read_file
from gitlease.workspace.standing import Standing
from tests.support.evidence import Tried
from tests.support.forgery import FORGED, forge
from tests.support.strangers import UID, as_root, at_work, everything, meeting_place

pytestmark = as_root

# How long a stranger tries; `make races` gives it ten minutes.
SECONDS = float(os.environ.get("GITLEASE_TEST_RACE", "1.5"))
# The true folder is moved away and back; in between its place has a link, or a folder of theirs.
SWAP = """\
import os, time
def put(make, *words):
    try:
        make(*words)
    except FileExistsError:
        # The victim has just made a new one.
        os.rename(words[-1], f"{words[-1]}.{time.time_ns()}")
        put(make, *words)
def act(home, clone):
    os.rename(home, home + ".true")
    put(os.symlink, clone, home)
    os.unlink(home)
    put(os.mkdir, home)
    os.chmod(home, 0o777)
    for name in ("cache", "log", "run", "settings.toml"):
        os.symlink(clone + "/" + name, home + "/" + name)
    for name in ("cache", "log", "run", "settings.toml"):
        os.unlink(home + "/" + name)
    os.rmdir(home)
    try:
        os.rename(home + ".true", home)
    except OSError:
        put(os.rename, home, f"{home}.{time.time_ns()}")
        os.rename(home + ".true", home)
    # For a moment all is as it should be, or nobody would begin what can be cut into.
    time.sleep(0.001)
"""
TRUE = "ghs_trueTrueTrueTrueTrueTrueTrueTrueTrue"
ACME = "github.com~acme"


@pytest.fixture
def place() -> Iterator[Path]:
    found = meeting_place()
    (found / "shared").mkdir()
    yield found
    shutil.rmtree(found)


@pytest.fixture
def mine(place: Path) -> Settings:
    """Our folder in the stranger's, with a record and settings, and a forgery of all of it."""
    made = Settings(place / "shared" / "home")
    for folder in (made.home, made.cache, made.home / "log", made.home / "run"):
        make_private(folder)
    put(made, clocks.read())
    (made.home / "settings.toml").write_text("app_id = '1'\n")
    (made.home / "settings.toml").chmod(0o600)
    standing.write(made, Standing(next_due=time.time()))
    forge(place / "clone", made)
    os.chown(place / "shared", UID, UID)
    return made


def put(mine: Settings, now: clocks.Moment) -> None:
    token = Token(Secret(TRUE), now.wall + 3600, now.wall, source="test")
    Cache(mine).put(ACME, token, now, for_all=True)


def test_whatever_is_swapped_in_is_never_believed(
    mine: Settings, place: Path, tried: Tried
) -> None:
    """Not even for the moment between a look and the reading: what is open is looked at."""
    seen: dict[str, int] = {}
    with at_work(SWAP, mine.home, place / "clone") as rounds:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            record = Cache(mine).find(Target("github.com", "acme", "app"))
            secret = "none" if record is None else record.token.secret.reveal()
            seen[secret] = seen.get(secret, 0) + 1
            found, _ = read_file(mine.home / "settings.toml")
            seen[str(found)] = seen.get(str(found), 0) + 1
    assert set(seen) <= {"none", TRUE, "{}", "{'app_id': '1'}"}
    # It was a race, and not one that somebody has won from the start.
    assert min(seen["none"], seen[TRUE], rounds[0]) > 10
    tried("readings of a folder that another user swaps all the time", sum(seen.values()))


def test_nothing_is_written_through_a_link_that_is_swapped_in(
    mine: Settings, place: Path, tried: Tried
) -> None:
    """And no token into a file that anybody else can read."""
    clone = place / "clone"
    before, writes = everything(clone), 0
    with at_work(SWAP, mine.home, clone) as rounds:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            now = clocks.read()
            with contextlib.suppress(OSError, FolderError):
                put(mine, now)
                writes += 1
            Cache(mine).reject("fingerprint", now.wall)
            events.note(mine, "race", "a line")
            standing.write(mine, Standing(next_due=now.wall))
            failures.Failures(mine, str).note(ACME, FolderError("x"), now.wall)
    assert everything(clone) == before
    assert rounds[0] > 10
    assert writes > 10
    for path in (place / "shared").rglob("*"):
        assert path.is_symlink() or path.is_dir() or path.stat().st_mode & 0o077 == 0, path
    tried("writings into a folder that another user swaps all the time", writes * 5)


def test_the_forgery_is_one_that_would_be_believed(place: Path, mine: Settings) -> None:
    """In a place of our own it is a good record: only its place gives it away."""
    record = Cache(Settings(place / "clone")).read(ACME)
    assert record is not None
    assert (record.token.secret.reveal(), record.settings) == (FORGED, mine.digest)
