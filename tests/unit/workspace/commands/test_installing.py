"""install and uninstall report each step, and whatever is wrong they stop no container."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlease.workspace.settings import load

Run = Callable[..., tuple[int, str, str]]


def test_install_reports_and_fails_only_where_asked_to(run: Run, home: Path) -> None:
    code, out, _ = run("install", "--offline", "--json")
    assert (code, json.loads(out)["failed"]) == (0, False)
    (home / ".gitconfig").unlink()
    (home / ".gitconfig").mkdir()
    code, out, err = run("install", "--offline")
    assert (code, err) == (0, "")
    assert re.search(r"^failed +git: .* no regular file", out, re.MULTILINE)
    assert run("install", "--offline", "--strict")[0] == 1
    (home / ".gitconfig").rmdir()
    assert run("install", "--offline", "--strict")[0] == 0


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_bad_value_that_harms_nobody_stops_no_container(
    run: Run, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The helper is there, and git hears from it what is to be corrected."""
    if where == "file":
        run("install", "--offline")
        path = load(os.environ).home / "settings.toml"
        path.write_text("min_ttl = 'soon'\nsecond_chance = 'perhaps'\n")
    else:
        monkeypatch.setenv("GITLEASE_MIN_TTL", "soon")
        monkeypatch.setenv("GITLEASE_SECOND_CHANCE", "perhaps")
    code, out, err = run("install", "--offline", "--json")
    lines = [tuple(step.values()) for step in json.loads(out)["steps"]]
    assert (code, err) == (0, "")
    assert [state for step, state, _ in lines if step != "settings"].count("failed") == 0
    bad = [text for step, state, text in lines if (step, state) == ("settings", "failed")]
    assert sorted(text.partition(" is ")[2] for text in bad) == [
        "'perhaps'; it takes true or false",
        "'soon'; it takes a whole number",
    ]
    assert load(os.environ, without=["min_ttl", "second_chance"]).helper.exists()
    if where == "environment":
        assert "soon" not in (load({"HOME": os.environ["HOME"]}).home / "settings.toml").read_text()
    assert run("install", "--offline", "--strict")[0] == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITLEASE_HOST", "https://x"),
        ("GITLEASE_API_URL", "x"),
        ("GITLEASE_PERMISSIONS", "x"),
        ("GITLEASE_GRANULARITY", "x"),
        ("GITLEASE_HOME", "relative"),
    ],
)
def test_nothing_is_installed_that_could_answer_a_wrong_host_or_too_widely(
    run: Run, monkeypatch: pytest.MonkeyPatch, home: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    code, out, err = run("install", "--offline")
    assert (code, err) == (0, "")
    assert [line.split(":")[0].split() for line in out.splitlines()] == [
        ["failed", "settings"],
        ["skipped", "folders"],
        ["skipped", "helper"],
        ["skipped", "git"],
    ]
    assert list(home.iterdir()) == []
    assert run("install", "--offline", "--strict")[0] == 1


def test_a_user_without_a_home_gets_a_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    code, out, err = run("install", "--offline")
    assert (code, err) == (0, "")
    assert out.startswith("failed  settings: HOME is not set and ")


def test_without_home_git_has_no_config_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("GITLEASE_HOME", str(home / "g"))
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    for words in (["install", "--offline"], ["uninstall"]):
        said = run(*words)[1]
        assert (
            "failed  git: HOME is not set, so git has no config file of this user; set HOME or "
            "GIT_CONFIG_GLOBAL, or install with --scope env\n"
        ) in said + "\n"


def test_uninstall_reports_and_fails_if_something_is_left(run: Run, home: Path) -> None:
    run("install", "--offline")
    code, out, err = run("uninstall")
    assert (code, err) == (0, "")
    left = {line.split()[0] for line in out.splitlines() if "gh:" not in line}
    assert left == {"done", "already"}
    assert not (home / ".local/state/gitlease").exists()
    run("install", "--offline")
    (home / ".gitconfig").unlink()
    (home / ".gitconfig").mkdir()
    code, out, _ = run("uninstall", "--json")
    assert (code, json.loads(out)["failed"]) == (1, True)
