"""What another user has put where our folder shall be, before anything of ours was started."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.workspace.settings import load
from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.evidence import Survived, Tried
from tests.support.forgery import EVIL, FORGED, forge
from tests.support.strangers import as_root, does, everything, meeting_place
from tests.support.workspaces import Workspace

pytestmark = [as_root, HOST_ONLY]

COMMANDS = (
    ("credential", "get"),
    ("token", "--owner", "acme"),
    ("status",),
    ("credential", "erase"),
    ("install",),
    ("doctor",),
    ("env",),
    ("refresh",),
    ("refresh", "--print-next"),
    ("invalidate",),
    ("uninstall",),
    ("run", "--", "true"),
)
ASKED = b"protocol=https\nhost=github.com\npath=acme/app\n\n"
# How a stranger's folder leads to what the victim owns, and what else can stand in it.
PLANTS = {
    "links into it to what the victim owns": """
import os
os.mkdir(home); os.chmod(home, 0o777)
for name in ("settings.toml", "cache", "run", "log", "bin", "jwt.py"):
    os.symlink(clone + "/" + name, home + "/" + name)
""",
    "itself a link to what the victim owns": "import os; os.symlink(clone, home)",
    "a file where our folder shall be": "open(home, 'w').write('x')",
    "a FIFO in the place of each file": """
import os
os.mkdir(home); os.chmod(home, 0o777)
for folder in ("cache", "run", "log", "bin"): os.mkdir(home + "/" + folder, 0o777)
for name in ("settings.toml", "gitconfig", "cache/github.com", "cache/github.com~acme",
        "cache/github.com~acme~app", "cache/.lock~github.com~acme", "run/status.json",
        "run/refresher.pid", "run/refresher.wanted", "run/python-path", "log/gitlease.log"):
    os.mkfifo(home + "/" + name, 0o666)
""",
}


@pytest.fixture
def place() -> Iterator[Path]:
    found = meeting_place()
    (found / "shared").mkdir()
    (found / "shared").chmod(0o1777)
    yield found
    shutil.rmtree(found)


def run(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[bytes]:
    data = ASKED if words[0] == "credential" else b""
    command = [workspace.machine.gitlease, *words]
    return workspace.machine.run(command, env=workspace.env, input=data, check=False)


@pytest.mark.parametrize("plant", PLANTS)
def test_what_a_stranger_has_planted_is_neither_believed_nor_touched(
    bare_workspace: Workspace, place: Path, plant: str, tried: Tried, survived: Survived
) -> None:
    """
    Links to the victim's own files too: each command ends, says why in one line, and prints no
    token but one that GitHub has given; no proof of identity goes where a stranger wants it.
    """
    workspace, home = bare_workspace, place / "shared" / "gitlease"
    workspace.env["GITLEASE_HOME"] = str(home)
    workspace.env["LOST"] = str(place / "clone" / "lost")
    forge(place / "clone", load(workspace.env))
    does(f"home, clone = {str(home)!r}, {str(place / 'clone')!r}\n{PLANTS[plant]}")
    before = everything(place)
    commands = COMMANDS if "links" in plant else COMMANDS[:6:2]
    for words in commands:
        ran = run(workspace, *words)
        said = ran.stdout + ran.stderr
        assert ran.returncode in {0, 1, 2}, words
        assert FORGED.encode() not in said
        assert EVIL.encode() not in said.replace(f"'{EVIL}'".encode(), b"")
        assert b"Traceback" not in said
        assert b"a defect" not in said
        if words[:2] in {("token", "--owner"), ("credential", "get")}:
            assert b"ghs_" in ran.stdout, ran.stderr
            assert f"{home} ".encode() in ran.stderr
    assert everything(place) == before
    tried("commands in a folder that another user has planted", len(commands))
    survived(f"another user's folder in the place of ours: {plant}")


def test_a_program_of_the_users_own_is_not_run_where_a_stranger_leads_to_it(
    bare_workspace: Workspace, place: Path, shell: list[str]
) -> None:
    """A clone may hold a file by the name of our helper; git would tell it all."""
    workspace, home = bare_workspace, place / "shared" / "gitlease"
    system, compat = place / "system", place / "compat"
    workspace.env |= {
        "GITLEASE_SCOPE": "system",
        "GITLEASE_SYSTEM_DIR": str(system),
        "GIT_CONFIG_SYSTEM": str(place / "gitconfig"),
    }
    workspace.env |= {"GIT_CONFIG_NOSYSTEM": "0", "GITLEASE_COMPAT_DIR": str(compat)}
    workspace.gitlease("install", "--offline")
    # Root's own folder serves here; the stranger's is for a user who has none.
    workspace.env["GITLEASE_HOME"] = str(home)
    forge(place / "clone", load(workspace.env))
    does(f"import os; os.mkdir({str(home)!r}); os.symlink({str(place / 'clone/bin')!r}, "
         f"{str(home / 'bin')!r})")  # fmt: skip
    workspace.env["LOST"] = lost = str(place / "lost")
    text = (compat / "molecule-git-token-helper.sh").read_text()
    moved = compat / "moved.sh"
    moved.write_text(text.replace(str(load({"HOME": workspace.env["HOME"]}).home), "/nonexistent"))
    for program in (system / "git-credential-gitlease", moved):
        ran = workspace.machine.run(
            [*shell, program, "get"], env=workspace.env, input=ASKED, check=False
        )
        assert b"password=ghs_" in ran.stdout, ran.stderr
    assert not Path(lost).exists()
