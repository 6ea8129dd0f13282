"""The list of all secrets that an emulator makes, for whoever asks for one."""

import json
import stat
from pathlib import Path

from gitlease.emulator.issued import VARIABLE, Issued


def test_it_is_written_line_by_line_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "issued"
    for value in ("one", "two\nlines"):
        Issued.named_in({VARIABLE: str(file)}).add("token", value)
    listed = [json.loads(line) for line in file.read_text().splitlines()]
    assert listed == [
        {"kind": "token", "value": "one"},
        {"kind": "token", "value": "two\nlines"},
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_name_there_is_none(tmp_path: Path) -> None:
    Issued.named_in({VARIABLE: ""}).add("token", "one")
    Issued.named_in({}).add("token", "one")
    assert list(tmp_path.iterdir()) == []
