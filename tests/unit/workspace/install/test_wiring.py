"""git is told the same by a file and by variables, after what was there already."""

import subprocess
from pathlib import Path

import pytest

from gitlease.workspace.install.wiring import file_text, pairs, variables
from tests.support.parts import settings


def told(env: dict[str, str], *words: str) -> list[str]:
    ran = subprocess.run(
        ["git", "config", "--get-all", *words], env=env, capture_output=True, check=False
    )
    return ran.stdout.decode().splitlines()


@pytest.mark.parametrize("host", ["github.com", "ghe.example.com:8443"])
def test_a_file_and_variables_say_the_same(home: Path, host: str) -> None:
    mine = settings(home, host=host, rewrite_ssh=True, identity=True)
    file = home / "config"
    file.write_text(file_text(mine))
    for key, _ in pairs(mine):
        by_file = told({"PATH": "/usr/bin:/bin"}, "--file", str(file), key)
        plain = {"PATH": "/usr/bin:/bin", "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
        assert told(plain | variables(mine, {}), key) == by_file
        assert by_file == [value for name, value in pairs(mine) if name == key]


@pytest.mark.parametrize("count", ["", "2", "x", "-1", "9999999"])
def test_variables_come_after_those_that_are_there(home: Path, count: str) -> None:
    mine = settings(home)
    before = {"GIT_CONFIG_COUNT": count, "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "1"}
    before |= {"GIT_CONFIG_KEY_1": "a.c", "GIT_CONFIG_VALUE_1": "2"}
    first = 2 if count == "2" else 0
    found = variables(mine, before)
    assert found["GIT_CONFIG_COUNT"] == str(first + len(pairs(mine)))
    assert found[f"GIT_CONFIG_KEY_{first}"] == "credential.https://github.com.helper"
    assert variables(mine, before | found) == {}
