"""A token that has to be fetched is fetched and printed, whatever surrounds the helper."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.evidence import Survived
from tests.support.workspaces import Workspace, password

pytestmark = [
    pytest.mark.parametrize("machine", ["host"], indirect=True),
    # The helper is run in odd ways here, and its answer is meant for git.
    pytest.mark.plants(r"stdout of .*git-credential-gitlease.*"),
]
REQUEST = b"protocol=https\nhost=github.com\npath=acme/app\n\n"
# None takes a name away.
SURROUNDINGS: dict[str, dict[str, str | None]] = {
    "no PATH": {"PATH": None},
    "an empty PATH": {"PATH": ""},
    "no such language": {"LC_ALL": "xx_YY.NONE", "LANG": "ja_JP.SJIS"},
    "a language of ASCII": {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    "git's own": {"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/", "GIT_INDEX_FILE": "/nowhere"},
    "a shell's own": {"IFS": "=/.", "ENV": "/nowhere", "CDPATH": "/", "POSIXLY_CORRECT": "1"},
    "another shell's": {"BASH_ENV": "/nowhere", "SHELLOPTS": "xtrace:errexit", "TMOUT": "1"},
    "Python's own": {"PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere", "PYTHONVERBOSE": "1"},
    "a megabyte": {f"HUGE{number}": "x" * 100_000 for number in range(10)},
    "no home": {"HOME": None, "XDG_STATE_HOME": "relative", "TMPDIR": "/nowhere"},
}


@pytest.mark.parametrize("env", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_an_environment_does_not_matter(workspace: Workspace, env: dict[str, str | None]) -> None:
    ran = workspace.machine.run([workspace.helper, "get"], env=workspace.env | env, input=REQUEST)
    assert password(ran.stdout)
    assert b"ghs_" not in ran.stderr
    assert b"Traceback" not in ran.stderr


@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize(
    "closed", ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"]
)
def test_what_is_closed_gets_no_token_by_a_detour(
    workspace: Workspace, closed: str, survived: Survived
) -> None:
    """No file of ours has got the number of a stream, and the token with it."""
    ran = workspace.machine.run(
        ["/bin/sh", "-c", f'exec "$0" get {closed}', workspace.helper],
        env=workspace.env,
        input=REQUEST,
        check=False,
    )
    assert (password(ran.stdout) is not None) == (closed == "2>&-")
    assert b"Traceback" not in ran.stderr
    holding = [path for path in workspace.home.rglob("*") if _holds_a_token(path)]
    assert [path for path in holding if path.parent != workspace.state / "cache"] == []
    assert [one for one in holding if b"gitlease-1 " not in one.read_bytes()[:40]] == []
    assert password(workspace.ask("acme/app").stdout)
    survived("standard streams that are closed")


def _holds_a_token(path: Path) -> bool:
    return path.is_file() and re.search(rb"ghs_\w{20}", path.read_bytes()) is not None


def test_a_folder_that_is_gone(workspace: Workspace, survived: Survived) -> None:
    gone = workspace.machine.folder() / "gone"
    gone.mkdir()
    script = 'cd "$1" && rmdir "$1" && exec "$0" get'
    ran = workspace.machine.run(
        ["/bin/sh", "-c", script, workspace.helper, gone], env=workspace.env, input=REQUEST
    )
    assert password(ran.stdout)
    survived("a working folder that is gone")


@pytest.mark.parametrize("before", ["", "trap '' PIPE; "])
def test_a_git_that_has_gone_hears_nothing(
    workspace: Workspace, before: str, survived: Survived
) -> None:
    """Whoever started git had SIGPIPE as it is, or ignored."""
    reader, writer = os.pipe()
    os.close(reader)
    process = workspace.machine.popen(
        ["/bin/sh", "-c", f'{before}exec "$0" get', workspace.helper],
        env=workspace.env,
        stdin=subprocess.PIPE,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    _, err = process.communicate(REQUEST, timeout=60)
    assert b"ghs_" not in err
    assert b"Traceback" not in err
    # The next one has it.
    assert workspace.cache.names() == ["github.com~acme"]
    survived("a git that has gone before its answer")
