"""What another user puts beside our records, and what of our records another user can reach."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.workspace.settings import load
from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.evidence import Tried
from tests.support.forgery import FORGED, forge
from tests.support.strangers import UID, as_root, does, meeting_place
from tests.support.workspaces import Workspace, password

pytestmark = [HOST_ONLY, as_root]

NAMES = ("github.com~acme~app", "github.com~acme", "github.com")
# How a stranger can place a record in a folder that was opened by mistake.
WAYS = {
    "a file of theirs": "shutil.copyfile(forged, path); os.chmod(path, 0o600)",
    "a file of theirs open to all": "shutil.copyfile(forged, path); os.chmod(path, 0o666)",
    "a link to a file of theirs": "os.symlink(forged, path)",
    "a FIFO": "os.mkfifo(path, 0o666)",
    "a second name of a file of theirs": "os.link(forged, path)",
    "a folder": "os.mkdir(path)",
    "a link in a circle": "os.symlink(path, path)",
}
CODE = """
import os, shutil, sys, time
_, way, forged, cache, *names = sys.argv
for name in names:
    path = cache + "/" + name
    if os.path.lexists(path): os.rename(path, path + ".old")
    exec(way)
    if os.path.isfile(path) and not os.path.islink(path): os.utime(path, (9e9, 9e9))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    found = meeting_place()
    yield found
    shutil.rmtree(found)


@pytest.mark.parametrize("way", WAYS)
def test_a_record_that_a_stranger_has_placed_is_not_printed(
    workspace: Workspace, place: Path, way: str, tried: Tried
) -> None:
    """Not by a shell and not by Python, also where a person has opened every folder to all."""
    forge(place / "theirs", load(workspace.env))
    for path in (place / "theirs", *(place / "theirs").rglob("*")):
        os.chown(path, UID, UID)
    workspace.ask("acme/app")
    for folder in (
        workspace.home,
        *workspace.state.parents,
        workspace.state,
        workspace.cache.folder,
    ):
        if folder.is_relative_to(workspace.home):
            folder.chmod(0o777)
    forged = place / "theirs" / "cache" / "github.com~acme"
    does(CODE, WAYS[way], forged, workspace.cache.folder, *NAMES)
    for words in workspace.machine.shells.values():
        ran = workspace.ask("acme/app", shell=tuple(words))
        assert password(ran.stdout) not in {None, FORGED}, ran.stderr
        # Neither the settings there nor the folder for the new token is believed.
        for line in ran.stderr.splitlines():
            assert b"is open to others (mode 0777)" in line
            assert b"; chmod 700" in line
    tried("records placed by another user", len(NAMES) * len(workspace.machine.shells))


def test_a_second_name_of_a_record_opens_it_to_nobody(workspace: Workspace, place: Path) -> None:
    """Its mode goes with it, in the draft too; and with two names it is not believed by Python."""
    workspace.ask("acme/app")
    record = workspace.cache.folder / "github.com~acme"
    shared = place / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    (shared / "linked").hardlink_to(record)
    assert (shared / "linked").stat().st_mode & 0o7777 == 0o600
    does(
        "import sys\ntry: open(sys.argv[1]).read()\nexcept PermissionError: sys.exit(0)\n"
        "sys.exit('it could be read')",
        shared / "linked",
    )
    assert workspace.cache.read("github.com~acme") is None
    (shared / "linked").unlink()
    assert workspace.cache.read("github.com~acme") is not None
