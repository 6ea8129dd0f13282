"""git's own test of credential helpers (t0303) passes, as far as one that only generates can."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.environment import made_by
from tests.support.evidence import Tried
from tests.support.workspaces import Workspace

# git's table of made-up ids holds runs of one letter, and so do keys of some tests.
pytestmark = pytest.mark.plants(r"file .*/oid-info/oid")
# The rest of its cases want to have back what they stored, and we keep no password of others.
OURS = {
    "has no existing data",
    "stores password",
    "requires matching protocol",
    "requires matching host",
    "requires matching username",
    "requires matching path",
    "can forget host",
    "can forget user",
    "erases all matching credentials",
    "not confused by long header",
    "stores password_expiry_utc",
    "stores oauth_refresh_token",
}
# As one that answers for the host that the test asks about, it has something to forget.
GENERATING = OURS - {"has no existing data", "can forget host", "erases all matching credentials"}
# All that t0303 asks of the program that git builds for its tests.
TEST_TOOL = '#!/bin/sh\n[ "$1" = genzeros ] && exec head -c "$2" /dev/zero\nexit 1\n'
BUILT = "SHELL_PATH='/bin/sh'\nDIFF='diff'\nNO_PERL='YesPlease'\nNO_PYTHON='YesPlease'\nX=''\n"


def results(workspace: Workspace) -> dict[str, bool]:
    """Run t0303 against the installed helper; return which cases passed."""
    tree = workspace.machine.folder()
    shutil.copytree(Path(made_by("git_tests")), tree / "t", dirs_exist_ok=True)
    for folder in ("templates/blt", "t/helper"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / "GIT-BUILD-OPTIONS").write_text(BUILT)
    tool = tree / "t/helper/test-tool"
    tool.write_text(TEST_TOOL)
    tool.chmod(0o755)
    git = workspace.machine.which("git")
    env = {
        "GIT_TEST_INSTALLED": str(Path(git or "/usr/bin/git").parent),
        "GIT_TEST_CREDENTIAL_HELPER": str(workspace.helper),
        "GIT_TEST_CHAIN_LINT": "0",
        "TEST_OUTPUT_DIRECTORY": str(tree),
    }
    ran = workspace.machine.run(
        ["/bin/sh", "./t0303-credential-external.sh"],
        env=workspace.env | env,
        cwd=tree / "t",
        check=False,
        timeout=200,
    )
    found = re.findall(
        r"^(ok|not ok) \d+ - helper \(.*?\) (.*)$", ran.stdout.decode(), re.MULTILINE
    )
    assert found, ran.stdout + ran.stderr
    # Case of a newer git than some: a long header that `git credential` itself hands on since 2.41.
    known = workspace.machine.git_version >= (2, 41, 0)
    return {
        name: said == "ok" for said, name in found if known or name != "not confused by long header"
    }


def test_it_leaves_other_hosts_alone(workspace: Workspace, tried: Tried) -> None:
    """The cases are about example.com, of which we know nothing and keep nothing."""
    passed = results(workspace)
    assert [name for name in sorted(OURS & set(passed)) if not passed[name]] == []
    assert len(OURS & set(passed)) >= 8
    assert not passed["can retrieve password"]
    tried("cases of git's own t0303", len(passed))


@pytest.mark.parametrize("machine", ["debian13"], indirect=True)
def test_as_a_helper_that_generates(bare_workspace: Workspace) -> None:
    """The same for the host that the cases are about: no other protocol, host, or user."""
    workspace = bare_workspace
    for name in ("GITLEASE_APP_ID", "GITLEASE_PRIVATE_KEY_FILE"):
        del workspace.env[name]
    workspace.env |= {"GITLEASE_HOST": "example.com", "GITHUB_TOKEN": "ghp_" + "a" * 36}
    workspace.gitlease("install", "--offline")
    passed = results(workspace)
    assert not passed["has no existing data"]
    assert [name for name in sorted(GENERATING & set(passed)) if not passed[name]] == []
