"""Tests see nothing of the person or the machine that runs them."""

import os
import socket
from pathlib import Path

import pytest
from pytest_socket import SocketBlockedError

from tests.support import environment
from tests.support.leaks.ledger import current


def test_the_environment_holds_no_secret_and_no_setting_of_the_machine() -> None:
    known = {"CI", "HOME", "LANG", "PATH", "TMPDIR", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"}
    known |= current().environment().keys() | environment.QUIET.keys()
    families = ("COVERAGE_", "PYTEST_", "XDG_")
    names = os.environ.keys() - known
    assert {name for name in names if not name.startswith(families)} == set()


def test_the_home_is_this_tests_own(home: Path) -> None:
    assert Path.home() == home != Path(environment.STARTED_IN["HOME"])
    assert list(home.iterdir()) == []
    assert os.environ["GIT_CONFIG_GLOBAL"] == str(home / ".gitconfig")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_no_socket_opens_outside_the_flows(family: socket.AddressFamily) -> None:
    with pytest.raises(SocketBlockedError), pytest.warns(UserWarning, match="use socket"):
        socket.socket(family)


@pytest.mark.parametrize(("ci", "outcome"), [("true", "Failed"), ("", "Skipped")])
def test_a_missing_tool_skips_a_test_and_fails_it_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: str
) -> None:
    monkeypatch.setattr(environment, "STARTED_IN", {"CI": ci})
    with pytest.raises(BaseException, match="no-such-tool is not installed") as raised:
        environment.require_tool("no-such-tool")
    assert type(raised.value).__name__ == outcome
