"""The sh program answers from the cache, hands on what it cannot answer, and says nothing else."""

import subprocess
from pathlib import Path

import pytest

from gitlease.model.frozen import replace
from gitlease.workspace.cache import Cache
from gitlease.workspace.shell import templates
from tests.support.asking import ask
from tools.compare.pair import Pair


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "github.com"),
        ("acme", "github.com~acme"),
        ("acme/", "github.com~acme"),
        ("acme/app", "github.com~acme"),
        ("acme/app.git", "github.com~acme"),
        ("ACME/App.git/", "github.com~acme"),
        ("acme/app.git/info/lfs", "github.com~acme"),
        ("acme/app/info/lfs/objects/batch", "github.com~acme"),
        ("acme/secret.git", "github.com~acme~secret"),
        ("acme/SECRET.git/info/lfs", "github.com~acme~secret"),
        ("acme/secret.wiki.git", "github.com~acme~secret"),
        ("acme/secret.wiki", "github.com~acme~secret"),
        ("other/narrow", "github.com~other~narrow"),
    ],
)
def test_a_path_reaches_the_most_specific_record_without_python(
    pair: Pair, path: str, name: str
) -> None:
    """LFS, wiki, upper case and trailing slashes all reach the right record."""
    token = Cache(pair.settings).read(name)
    assert token is not None
    printed, handed = pair.through_sh(ask(path))
    assert handed is None
    assert f"password={token.token.secret.reveal()}\n".encode() in printed
    assert printed == pair.python(ask(path))


@pytest.mark.guarantee("scope")
@pytest.mark.parametrize("path", ["other/app", "other", "acme/..", "acme/.git", "-x/app", "é/x"])
def test_a_narrow_record_is_not_stretched_to_another_scope(pair: Pair, path: str) -> None:
    """What no record covers is never answered from one: it goes to Python, or to nobody."""
    printed, _ = pair.through_sh(ask(path))
    assert printed == b""
    assert b"password" not in pair.python(ask(path))


def test_a_git_that_knows_state_is_asked_to_come_back(pair: Pair) -> None:
    """The second chance: capability, state and continue, and only if git announced it."""
    token = Cache(pair.settings).read("github.com~acme")
    assert token is not None
    data = b"capability[]=authtype\ncapability[]=state\n" + ask("acme/app")
    printed, handed = pair.through_sh(data)
    lines = printed.decode().split("\n")
    assert lines[0] == "capability[]=state"
    assert lines[-4:] == [f"state[]=gitlease:{token.token.fingerprint}", "continue=1", "", ""]
    assert (handed, printed) == (None, pair.python(data))


def test_a_git_that_comes_back_is_handed_to_python(pair: Pair) -> None:
    """Our own state in a request says that the token was refused: never the same again."""
    data = b"capability[]=state\nstate[]=gitlease:abc\n" + ask("acme/app")
    printed, handed = pair.through_sh(data)
    assert printed == b""
    assert handed is not None
    assert b"state[]=gitlease:abc\n" in handed


def test_no_secret_is_handed_on(pair: Pair) -> None:
    data = b"password=ghs_canary\noauth_refresh_token=ghr_canary\n" + ask("unknown/app")
    _, handed = pair.through_sh(data)
    assert handed == ask("unknown/app")


@pytest.mark.parametrize("action", ["store", "", "frobnicate"])
def test_what_is_not_ours_to_do_prints_nothing(pair: Pair, action: str) -> None:
    ran = subprocess.run(
        [*pair.shell, pair.program, action], input=ask(), capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_the_capability_is_announced(pair: Pair) -> None:
    ran = subprocess.run(
        [*pair.shell, pair.program, "capability"], capture_output=True, check=False
    )
    assert ran.stdout == b"version 0\ncapability state\n"


def test_without_its_interpreter_it_says_so_in_one_line(pair: Pair, tmp_path: Path) -> None:
    program = tmp_path / "helper"
    text = templates.credential_helper(
        replace(pair.settings, home=tmp_path), python="/gone", main=Path("main")
    )
    program.write_text(text)
    ran = subprocess.run(
        [*pair.shell, program, "get"], input=ask("acme/app"), capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, b"quit=1\n\n")
    assert ran.stderr.decode() == (
        "gitlease: no token for github.com: /gone or main is gone; install gitlease again and run "
        "`gitlease install`\n"
    )
