"""Whatever a caller's environment is, the sh program answers the same and shows nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlease.workspace.shell import templates
from tests.support.asking import ask, rewrite
from tests.support.evidence import Survived
from tools.compare.pair import Pair

_FUNCTION = '() { builtin echo "$*" >&2; }'
# Options and functions of bash, the program's own names, and what shells and git look at.
EXPORTED: dict[str, dict[str, str]] = {
    "our names": dict.fromkeys(
        ["record", "password", "host", "state", "refused", "path", "exact", "line", "began"], "x"
    ),
    "xtrace": {"SHELLOPTS": "xtrace", "PS4": "+$(echo traced >&2) "},
    "errexit": {"SHELLOPTS": "errexit:nounset"},
    "allexport": {"SHELLOPTS": "allexport"},
    "posix": {"POSIXLY_CORRECT": "1", "BASHOPTS": "nocasematch:extglob:dotglob"},
    "files": {"ENV": "/nowhere", "CDPATH": "/", "GLOBIGNORE": "*", "BASH_XTRACEFD": "1"},
    "IFS": {"IFS": "abcdefghijklmnopqrstuvwxyz=/."},
    "functions": {f"BASH_FUNC_{name}%%": _FUNCTION for name in ["printf", "[", "read", "echo"]},
    "a function in a function": {"BASH_FUNC_ulimit%%": '() { printf() { echo "$@" >&2; }; }'},
    "git": {"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/", "GIT_CONFIG_GLOBAL": "/nowhere"},
    "python": {"PYTHONPATH": "/nowhere", "PYTHONSTARTUP": "/nowhere", "PYTHONHOME": "/nowhere"},
    "half a megabyte": {f"HUGE{number}": "x" * 100_000 for number in range(5)},
    "two thousand names": {f"NAME{number}": "x" for number in range(2_000)},
    "no PATH": {"PATH": ""},
    "a PATH of nothing": {"PATH": ":.:/nowhere"},
}
# None of the latter is there: bash says so in a line of its own, and goes on in C.
LANGUAGES = [
    "", "C", "POSIX", "C.UTF-8", "en_US.UTF-8", "tr_TR.UTF-8", "ja_JP.SJIS", "zh_CN.GB18030",
    "zh_TW.BIG5", "xx_YY.NONE", "../../etc/passwd", "C/C/C/C/C/C/C", "\x1b[2J", "x" * 5000,
]  # fmt: skip


def run(pair: Pair, data: bytes, **how: Any) -> "subprocess.CompletedProcess[bytes]":
    """Run the program once, as *how* says to `subprocess`."""
    how = {"capture_output": True, "env": pair.env, **how}
    words = [*pair.shell, str(pair.program), "get"]
    return subprocess.run(words, input=data, timeout=60, check=False, **how)


@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize("exported", EXPORTED.values(), ids=EXPORTED)
def test_the_callers_environment_changes_nothing_and_sees_nothing(
    pair: Pair, tmp_path: Path, exported: dict[str, str]
) -> None:
    """A hit is the same answer, and a miss hands Python no token."""
    seen = tmp_path / "environment"
    spy = tmp_path / "python"
    spy.write_text(f'#!/bin/sh\nPATH=/usr/bin:/bin\nenv >"{seen}"\ncat >/dev/null\n')
    spy.chmod(0o700)
    program = tmp_path / "helper"
    program.write_text(templates.credential_helper(pair.settings, python=str(spy), main=spy))
    pair.put("github.com~spied", for_all=True)
    rewrite(pair, "github.com~spied", header={3: "1"})
    here = Pair(pair.shell, program, pair.settings)
    expected = pair.python(ask("spied/app"))
    hit = run(here, ask("spied/app"), env=pair.env | exported)
    assert (hit.stdout, b"ghs_" in hit.stderr) == (expected, False)
    miss = run(here, ask("spied/app.git/info/lfs"), env=pair.env | exported)
    assert (miss.stdout, b"ghs_" in miss.stderr) == (b"", False)
    assert "ghs_" not in seen.read_text(errors="replace")


@pytest.mark.parametrize("path", ["acme/app", "acme/\udc83\\", "acme/\udc81|", "acme/Ä", "é\\x"])
def test_no_language_changes_an_answer(pair: Pair, path: str) -> None:
    """Bytes are bytes: in some encodings a backslash is the second half of a letter."""
    data = b"protocol=https\nhost=github.com\npath=%b\n\n" % path.encode("utf-8", "surrogateescape")
    expected = pair.through_sh(data)
    for name in ("LC_ALL", "LANG", "LC_CTYPE"):
        for language in LANGUAGES:
            ran = run(pair, data, env=pair.env | {name: language})
            printed, handed, request = ran.stdout.partition(b"handed to Python:\n")
            assert (language, printed, request if handed else None) == (language, *expected)
            assert b"password=" not in ran.stderr


@pytest.mark.parametrize("pair", ["bash", "bash --posix"], indirect=True, scope="module")
def test_half_a_line_is_never_taken_for_all_of_it(pair: Pair) -> None:
    """TMOUT gives a bash's `read` up after so many seconds, with what had come till then."""
    process = subprocess.Popen(
        [*pair.shell, str(pair.program), "get"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=pair.env | {"TMOUT": "1"},
    )
    assert process.stdin is not None
    process.stdin.write(b"protocol=https\npath=acme/app\nhost=github.com")
    process.stdin.flush()
    time.sleep(2.5)  # two of its time limits
    out, _ = process.communicate(b".evil.example\n\n")
    assert out == b""


def closed(*numbers: int) -> Callable[[], None]:
    def close() -> None:
        for number in numbers:
            os.close(number)

    return close


@pytest.mark.guarantee("secrets")
@pytest.mark.parametrize("numbers", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
def test_a_closed_stream_costs_no_secret(
    pair: Pair, numbers: tuple[int, ...], survived: Survived
) -> None:
    """No message, and no file that got its number, has the token."""
    before = {path: path.read_bytes() for path in pair.settings.home.rglob("*") if path.is_file()}
    ran = run(pair, ask("acme/app"), preexec_fn=closed(*numbers))
    answer = pair.python(ask("acme/app"))
    assert ran.stdout == (b"" if {0, 1} & set(numbers) else answer)
    assert b"ghs_" not in ran.stderr
    after = {path: path.read_bytes() for path in pair.settings.home.rglob("*") if path.is_file()}
    assert after == before
    survived("standard streams that are closed")


def test_a_reader_that_has_gone_hears_nothing(pair: Pair, survived: Survived) -> None:
    """Whether SIGPIPE ends the shell or the caller had it ignored."""
    for action in (signal.SIG_DFL, signal.SIG_IGN):
        reader, writer = os.pipe()
        os.close(reader)
        ran = run(
            pair,
            ask("acme/app"),
            capture_output=False,
            stdout=writer,
            stderr=subprocess.PIPE,
            restore_signals=False,
            preexec_fn=lambda action=action: signal.signal(signal.SIGPIPE, action),
        )
        os.close(writer)
        assert b"ghs_" not in ran.stderr
    survived("a git that has gone before its answer")


def test_a_folder_that_is_gone_is_no_hindrance(pair: Pair, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    enter = [sys.executable, "-c", "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]); "]
    enter[2] += "os.execv(sys.argv[2], sys.argv[2:])"
    words = [*enter, str(gone), *pair.shell, str(pair.program), "get"]
    ran = subprocess.run(
        words, input=ask("acme/app"), capture_output=True, env=pair.env, check=False
    )
    assert (ran.stdout, b"ghs_" in ran.stderr) == (pair.python(ask("acme/app")), False)
