"""Where nobody can be told anything, a token is given and a command started all the same."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.evidence import Survived

REQUEST = "protocol=https\nhost=github.com\n\n"
TOKEN = "ghp_canary"
ANSWER = f"username=x-access-token\npassword={TOKEN}\n\n"


def disk() -> list[int]:
    return [os.open("/dev/full", os.O_WRONLY)]


def pipe() -> list[int]:
    reader, writer = os.pipe()
    os.close(reader)
    return [writer]


def crowded() -> list[int]:
    """Return a full pipe that nobody waits for, as some parents hand it on, and its other end."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    return [writer, reader]


LOST = {"a full disk": disk, "a closed pipe": pipe, "a full pipe": crowded}


@pytest.fixture(params=LOST, name="stderr")
def _stderr(request: pytest.FixtureRequest, survived: Survived) -> Iterator[int]:
    descriptors = LOST[request.param]()
    yield descriptors[0]
    for one in descriptors:
        os.close(one)
    survived(f"{request.param} for messages")


def run(home: Path, stderr: int, *words: str, said: str = "") -> tuple[int, str]:
    # Each of them has something to say: the settings cannot be read, or one is bad.
    (home / "ours").mkdir(mode=0o700)
    (home / "ours" / "settings.toml").write_text("cut = [")
    (home / "ours" / "settings.toml").chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-m", "gitlease", *words],
        input=said,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GITLEASE_HOME": str(home / "ours"),
            "GITLEASE_MIN_TTL": "soon" if words[0] == "run" else "600",
            "GITHUB_TOKEN": TOKEN,
        },
        check=False,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.guarantee("renewal")
def test_git_has_its_answer(home: Path, stderr: int) -> None:
    assert run(home, stderr, "credential", "get", said=REQUEST) == (0, ANSWER)


def test_a_token_is_printed(home: Path, stderr: int) -> None:
    assert run(home, stderr, "token") == (0, f"{TOKEN}\n")


def test_a_container_starts(home: Path, stderr: int) -> None:
    assert run(home, stderr, "run", "--", "echo", "started") == (0, "started\n")


def test_an_exit_code_still_tells_what_was_wrong(home: Path, stderr: int) -> None:
    assert run(home, stderr, "token", "--owner", "?") == (2, "")
