"""Limits so small that hardly anything can be done: git gets its token, nothing, or a line."""

import shutil
import time
from collections.abc import Iterator

import pytest

from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import load
from tests.flows.workspace.test_helper import HOST_ONLY
from tests.support.commoner import Commoner
from tests.support.evidence import Survived, Tried
from tests.support.forgery import give
from tests.support.loops import end_below
from tests.support.machines import SHELLS
from tests.support.strangers import PYTHON, as_root, meeting_place
from tests.support.workspaces import Workspace, password

pytestmark = as_root

USER = 23456
TRUE = "ghs_kept" + "x" * 32
HIT = b"protocol=https\nhost=github.com\npath=acme/app\n\n"
# No record is there for it, and it is longer than what a shell hands on by itself.
MISS = b"protocol=https\nhost=github.com\npath=beta/app\nwwwauth[]=" + b"x" * 9000 + b"\n\n"
BOUNDED = (
    "import os, resource, sys; limit = getattr(resource, sys.argv[1]);"
    "resource.setrlimit(limit, (int(sys.argv[2]), int(sys.argv[2])));"
    "os.execvp(sys.argv[3], sys.argv[3:])"
)


@pytest.fixture(scope="module")
def user() -> Iterator[Commoner]:
    place = meeting_place()
    made = Commoner.at(place, USER, place / "user")
    made.env["GITHUB_TOKEN"] = "ghp_mine"
    assert made.gitlease("install", "--offline", "--strict").returncode == 0
    mine, now = load(made.env), time.time()
    give(mine.home, 0)
    token = Token(Secret(TRUE), now + 3600, now, source="test")
    Cache(mine).put("github.com~acme", token, clocks.read(), for_all=True)
    give(mine.home, USER)
    yield made
    end_below(place)
    shutil.rmtree(place)


def bounded(limit: str, value: int) -> list[str]:
    """Return the first words of a command that has this limit."""
    return [PYTHON, "-c", BOUNDED, limit, str(value)]


@pytest.mark.parametrize("limit", ["RLIMIT_FSIZE", "RLIMIT_NPROC"])
def test_without_a_byte_to_write_or_a_process_to_start_git_has_its_token(
    user: Commoner, limit: str, tried: Tried, survived: Survived
) -> None:
    """A hit needs neither, and a miss becomes Python in the same process."""
    shells = [(name, words) for name, words in SHELLS.items() if shutil.which(words[0])]
    record = load(user.env).cache / "github.com~acme"
    before = record.read_bytes()
    for _, shell in shells:
        for asked, expected in ((HIT, TRUE), (MISS, "ghp_mine")):
            helper = load(user.env).helper
            ran = user.run(*bounded(limit, 0), *shell, helper, "get", data=asked)
            assert (password(ran.stdout), ran.stderr) == (expected, b"")
    assert record.read_bytes() == before
    tried("requests under a limit of zero", 2 * len(shells))
    survived(f"{limit} of 0")


@pytest.mark.guarantee("renewal")
@pytest.mark.parametrize("token", ["ghp_mine", ""])
def test_without_a_thread_to_start_a_source_fails_as_any_other(
    user: Commoner, token: str, survived: Survived
) -> None:
    """The next one answers; where there is none, a line names the limit."""
    broker = {"GITLEASE_BROKER_URL": "http://127.0.0.1:9", "GITLEASE_WORKSPACE_ID": "ws-1"}
    bearer = user.place / ".auth_token"
    bearer.write_text("glw_bearer")
    bearer.chmod(0o644)
    env = {**broker, "GITLEASE_CONFIGS_DIR": str(user.place), "GITHUB_TOKEN": token}
    helper = load(user.env).helper
    ran = user.run(*bounded("RLIMIT_NPROC", 0), helper, "get", data=MISS, env=env)
    if token:
        assert (password(ran.stdout), ran.stderr) == (token, b"")
    else:
        assert ran.stdout == b"quit=1\n\n"
        [line] = ran.stderr.splitlines()
        assert b"no thread can be started; raise this user's limit on processes" in line
    survived("a miss without a thread")


@pytest.mark.parametrize("count", [4, 6, 8, 11, 12, 13, 16])
def test_without_descriptors_nothing_wrong_is_printed(
    user: Commoner, count: int, tried: Tried
) -> None:
    """A shell needs twelve; with fewer it ends, and git asks a person or the next helper."""
    for shell in SHELLS.values():
        if shutil.which(shell[0]):
            helper = load(user.env).helper
            ran = user.run(*bounded("RLIMIT_NOFILE", count), *shell, helper, "get", data=HIT)
            assert password(ran.stdout) in ({TRUE} if count > 11 else {TRUE, None})
            assert ran.stdout == b"" or ran.stdout.endswith(b"\n\n")
    tried("requests with few descriptors", len(SHELLS))


@pytest.mark.parametrize(
    ("limit", "cure"), [("RLIMIT_FSIZE", b"ulimit -f"), ("RLIMIT_NPROC", b"ulimit -u")]
)
def test_a_command_starts_and_the_limit_is_named(user: Commoner, limit: str, cure: bytes) -> None:
    # As before the first start, whichever tests there were before.
    end_below(user.place)
    load(user.env).refresher.unlink(missing_ok=True)
    main = user.place / "site" / "gitlease" / "__main__.py"
    start = ["-I", "-S", str(main), "run", "--", "/bin/echo", "started"]
    ran = user.run(*bounded(limit, 0), PYTHON, *start)
    assert (ran.returncode, ran.stdout) == (0, b"started\n")
    [line] = ran.stderr.splitlines()
    assert line.startswith(b"gitlease: refresher: failed: ")
    assert cure in line


@HOST_ONLY
@pytest.mark.guarantee("renewal")
def test_a_token_that_cannot_be_written_down_serves_all_the_same(
    workspace: Workspace, survived: Survived
) -> None:
    """And the one that was there before is there afterwards."""
    workspace.ask("acme/app")
    old = workspace.record("github.com~acme").token
    workspace.age("github.com~acme", 3300)
    command = [*bounded("RLIMIT_FSIZE", 100), str(workspace.helper), "get"]
    ran = workspace.machine.run(command, env=workspace.env, input=HIT)
    assert password(ran.stdout) not in {None, old.secret.reveal()}
    [line] = ran.stderr.splitlines()
    assert b"is not kept (File too large)" in line
    assert workspace.record("github.com~acme").token.fingerprint == old.fingerprint
    survived("a limit on the size of files")
