"""Whatever happens, a person gets a line and an exit code, and no secret."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from gitlease import __version__, cli
from gitlease.model import errors

SECRET = "ghs_canary0123456789"


def stop(*words: str) -> int:
    with pytest.raises(SystemExit) as raised:
        cli.main(words)
    return int(raised.value.code or 0)


def test_without_a_command_the_help_is_printed_and_lists_them_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words in ([], ["--help"], ["-h"]):
        assert stop(*words) == 0
        out = capsys.readouterr().out
        assert [name for name in cli.COMMANDS if f"\n  {name} " not in out] == []


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert stop("--version") == 0
    assert capsys.readouterr().out == f"gitlease {__version__}\n"


@pytest.mark.parametrize("words", [["frobnicate"], ["--frobnicate"], ["--", "token"], [""]])
def test_what_is_no_command_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert stop(*words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("gitlease: ")
    assert said.err.endswith("; see `gitlease --help`\n")


@pytest.mark.parametrize(
    "words",
    [
        "install --scope other",
        "token --owner acme --repo acme/app",
        "token --min-ttl soon",
        "broker workspace add",
        "broker journal --limit 0",
        "emulate --port high",
        "emulate --port 65536",
        f"token {SECRET}",
    ],
)
def test_a_wrong_command_line_is_told_in_one_line_that_repeats_no_token(
    capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert stop(*words.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"gitlease( [a-z]+)+: .+; see `gitlease( [a-z]+)+ --help`\n", said.err)
    assert SECRET not in said.err


@pytest.mark.parametrize(
    "name", ["install", "uninstall", "token", "invalidate", "status", "credential"]
)
def test_each_command_has_help_with_an_example(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert stop(name, "--help") == 0
    out = capsys.readouterr().out
    assert f"usage: gitlease {name}" in out
    assert "\nexample:\n  " in out


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Put a command `fails` into the table, whose `error` tests set."""
    module = ModuleType("fails")

    def run(args: object) -> int:
        held = f"a local with {SECRET}"
        raise module.error
        return len(held) + len(str(args))

    module.__dict__.update(run=run, add_arguments=lambda _: None, EXAMPLE="x", error=Exception())
    monkeypatch.setitem(sys.modules, "fails", module)
    monkeypatch.setattr(cli, "COMMANDS", {"fails": ("fails", "")})
    return module


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (errors.SourceError("it rains", hint="wait"), 1, "gitlease: it rains; wait\n"),
        (errors.SettingsError("wrong", hint="mend"), 2, "gitlease: wrong; mend\n"),
        (errors.RequestError("what", hint="say"), 2, "gitlease: what; say\n"),
        (errors.SourceError(f"{SECRET}\n\x1b[2J", hint=""), 1, "gitlease: [redacted]\\n\\x1b[2J\n"),
        (OSError(28, "No space left on device"), 1, "gitlease: No space left on device\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "gitlease: Permission denied: /x\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_is_one_line_with_its_cure(
    failing: ModuleType,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    failing.error = error  # type: ignore[attr-defined]
    assert cli.main(["fails"]) == code
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", line)


@pytest.mark.parametrize("traced", ["", "1"])
def test_a_defect_is_told_by_kind_and_place_and_never_by_its_words(
    failing: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    traced: str,
) -> None:
    monkeypatch.setenv("GITLEASE_TRACEBACK", traced)
    failing.error = RuntimeError(f"boom {SECRET}")  # type: ignore[attr-defined]
    assert cli.main(["fails"]) == 1
    err = capsys.readouterr().err
    assert "gitlease: a defect (RuntimeError at test_cli.py:" in err
    assert SECRET not in err
    assert ("in run\n" in err) == bool(traced)
    assert traced or err.count("\n") == 1


def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    for name in [name for name in sys.modules if name.startswith("gitlease.emulator")]:
        monkeypatch.delitem(sys.modules, name)

    def load(_name: str) -> SimpleNamespace:
        raise ModuleNotFoundError("No module named 'starlette'", name="starlette")

    monkeypatch.setattr("importlib.import_module", load)
    assert cli.main(["emulate"]) == 2
    assert capsys.readouterr().err == (
        "gitlease: `gitlease emulate` needs the package starlette; "
        "pip install 'gitlease[emulator]'\n"
    )


COMMAND = [sys.executable, "-m", "gitlease"]


# Many images set it, for their logs.
UNBUFFERED = pytest.mark.parametrize("buffering", [{}, {"PYTHONUNBUFFERED": "1"}])


@UNBUFFERED
def test_output_that_nobody_reads_any_more_is_no_defect(buffering: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "status"],
        env=os.environ | buffering,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    "words", ["invalidate", "token", "status", "status --json", "--help", "token --help"]
)
@pytest.mark.parametrize(
    ("where", "why"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
@UNBUFFERED
def test_output_that_cannot_be_written_is_a_plain_line(
    words: str, where: str, why: str, buffering: dict[str, str]
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m gitlease {words} {where}', sys.executable],
        env={**os.environ, **buffering, "GH_TOKEN": "ghp_canary"},
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )
    line = f"gitlease: cannot write to standard output: {why}\n"
    assert (done.returncode, done.stderr) == (1, line)


def test_a_stream_that_was_closed_is_not_taken_by_a_file_of_ours(home: Path) -> None:
    """Else a token, or a message, would be written into whatever was opened first."""
    program = "import os; from gitlease import cli; cli.main(['credential', 'store'])"
    look = "print(*(os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)), file=open('said', 'w'))"
    subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, f"{program}; {look}"],
        cwd=home,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    assert (home / "said").read_text() == "/dev/null /dev/null /dev/null\n"


def test_what_is_said_to_a_closed_stream_is_not_printed_instead() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m gitlease token 2>&-', sys.executable],
        stdout=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")


def test_an_answer_for_a_closed_stream_is_a_plain_line_too() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m gitlease credential capability >&-', sys.executable],
        stderr=subprocess.PIPE,
        check=False,
    )
    line = b"gitlease: cannot write to standard output: Bad file descriptor\n"
    assert (done.returncode, done.stderr) == (1, line)


def test_what_the_terminal_cannot_spell_is_escaped(home: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "status"],
        env={**os.environ, "GITLEASE_HOME": f"{home}/h\u00fct", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert f"records in {home}/h\\xfct\n" in done.stdout
