"""Whatever goes wrong in an installation, the command that it is for starts."""

import argparse
from collections.abc import Mapping, Sequence

import pytest

from gitlease.workspace.commands import run


def test_a_defect_of_ours_keeps_no_command_from_starting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[str] = []

    def explode(*_: object, **__: object) -> None:
        raise RecursionError("ghs_secret")

    def become(command: Sequence[str], _: Mapping[str, str]) -> int:
        started.extend(command)
        return 0

    monkeypatch.setattr(run, "install_from", explode)
    monkeypatch.setattr(run, "_become", become)
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    assert run.run(parser.parse_args(["--", "agent", "--work"])) == 0
    assert started == ["agent", "--work"]
    said = capsys.readouterr().err
    assert said == "gitlease: install: failed: a defect (RecursionError); please report it\n"
