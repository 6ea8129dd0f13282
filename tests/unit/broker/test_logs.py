"""No secret is in the log, whoever logs it."""

import json
import logging

import pytest

from gitlease.broker import logs

TOKEN = "ghs_" + "x" * 36


@pytest.fixture(autouse=True)
def _root() -> object:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level


def test_a_line_is_json_and_holds_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logging.getLogger("some.library").warning("sent %s by %s", TOKEN, f"Bearer {'y' * 40}")
    error = ValueError(TOKEN)
    logging.getLogger("x").error("it broke", exc_info=error)
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["warning", "error"]
    assert json.loads(lines[1])["error"] == "ValueError"
    assert TOKEN not in "".join(lines)
    assert "y" * 40 not in "".join(lines)
