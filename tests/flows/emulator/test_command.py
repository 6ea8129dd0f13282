"""`gitlease emulate` prints one line when it is ready, serves, and goes when it is told to."""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gitlease.emulator import command
from tests.flows.emulator.clients import Workplace, ask, control, processes_in, until

MAIN = (
    "import argparse, sys\n"
    "from gitlease.emulator import command\n"
    "parser = argparse.ArgumentParser()\n"
    "command.add_arguments(parser)\n"
    "sys.exit(command.run(parser.parse_args()))\n"
)
PROMISED = {
    "api_url",
    "git_url",
    "proxy_url",
    "ca_file",
    "control_url",
    "app_id",
    "client_id",
    "private_key_file",
    "installations",
}


@contextmanager
def emulating(*words: str | Path) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    argv = [sys.executable, "-W", "error", "-c", MAIN, *map(str, words)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            yield process, SimpleNamespace(**json.loads(process.stdout.readline()))
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_leaves_nothing(
    home: Path, tmp_path: Path, number: signal.Signals
) -> None:
    seed = tmp_path / "seed.toml"
    seed.write_text('[[installations]]\nowner = "acme"\n[[repositories]]\nname = "acme/app"\n')
    with emulating("--seed", seed, "--dir", tmp_path / "world") as (process, github):
        assert set(vars(github)) >= PROMISED
        token = control(github, "POST", "/tokens", {"owner": "acme"}).json["token"]
        assert ask(github, "GET", "/repos/acme/app", auth=token).status == 200
        workplace = Workplace(github, home, tmp_path)
        workplace.git("clone", "--quiet", workplace.url("acme/app", token), "app")
        control(github, "POST", "/faults", {"route": "git", "hang": True})
        url = workplace.url("acme/app", token)
        with subprocess.Popen(
            ["git", "ls-remote", url],
            env=workplace.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as hanging:
            until(lambda: control(github, "GET", "/stats").json["concurrent"] == 1)
            process.send_signal(number)
            assert ended(process) == (0, "", "")
            assert hanging.wait(20) != 0
        assert processes_in(tmp_path / "world") == []


def test_a_mistake_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    seed = tmp_path / "seed.toml"
    seed.write_text("[settings]\ntoken_tll = 5\n")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "file").touch()
    for words, complaint in (
        (["--seed", str(seed)], f"{seed}: settings.token_tll: no such setting"),
        (["--seed", str(tmp_path / "none.toml")], "none.toml: No such file"),
        (["--dir", str(foreign)], f"{foreign}: holds other files"),
        (["--dir", str(seed)], f"{seed}: "),
    ):
        assert command.run(parser.parse_args(words)) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("gitlease emulate: ")
        assert complaint in err
        assert err.count("\n") == 1


def test_a_folder_in_which_one_runs_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever trusts the first one's certificates goes on to; afterwards the folder is free."""
    world = tmp_path / "world"
    arguments = argparse.Namespace(seed=None, dir=world, port=0)
    with emulating("--dir", world):
        ca = (world / "ca.pem").read_bytes()
        assert command.run(arguments) == 2
        assert (world / "ca.pem").read_bytes() == ca
    assert f"{world}: another emulator runs there" in capsys.readouterr().err
    with emulating("--dir", world):
        assert (world / "ca.pem").read_bytes() != ca


def test_a_taken_port_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with emulating("--dir", tmp_path / "world") as (_, github):
        port = github.git_url.rpartition(":")[2]
        arguments = argparse.Namespace(seed=None, dir=None, port=int(port))
        assert command.run(arguments) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_signals_former_handler_comes_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert command.run(argparse.Namespace(seed=tmp_path / "none", dir=None, port=0)) == 2
    assert signal.getsignal(signal.SIGTERM) is before


def test_help_needs_no_server(tmp_path: Path) -> None:
    script = (
        "import sys, gitlease.emulator.command\n"
        "print([name for name in sys.modules if name.startswith(('starlette', 'uvicorn'))])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path) == b"[]\n"
