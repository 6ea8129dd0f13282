"""A probe hears whether git will get its token, and a person why not."""

import dataclasses
import fcntl
import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from gitlease.model.errors import RefusedError
from gitlease.model.frozen import replace
from gitlease.workspace import clocks, surroundings
from gitlease.workspace.cache import Cache
from gitlease.workspace.failures import Failures
from gitlease.workspace.install.gitconfig import user_config
from gitlease.workspace.install.plan import install
from gitlease.workspace.settings import Settings, load
from gitlease.workspace.sources import Chain
from gitlease.workspace.status import BROKEN, DEGRADED, HEALTHY, Status, examine
from tests.support.parts import token, tree


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    key = home / "app.pem"
    key.write_text("a key")
    return {
        "HOME": str(home),
        "GITLEASE_APP_ID": "1",
        "GITLEASE_PRIVATE_KEY_FILE": str(key),
        "GITLEASE_WORKSPACE_ID": "ws-1",
    }


@pytest.fixture
def mine(env: dict[str, str]) -> Settings:
    made = load(env)
    install(made, env, offline=True)
    return made


def put(mine: Settings, name: str = "github.com~acme", *, life: float = 3600.0) -> None:
    now = clocks.read()
    Cache(mine).put(name, token("ghs_canary", now, life=life), now, for_all=True)


def seen(mine: Settings, env: dict[str, str]) -> tuple[int, str]:
    status = examine(mine, env)
    return status.level, "\n".join(status.problems)


def test_a_workspace_that_was_installed_is_healthy(mine: Settings, env: dict[str, str]) -> None:
    assert seen(mine, env) == (HEALTHY, "")
    put(mine)
    assert seen(mine, env) == (HEALTHY, "")


def test_looking_changes_nothing(mine: Settings, env: dict[str, str], home: Path) -> None:
    put(mine)
    before = tree(home)
    examine(mine, env)
    assert tree(home) == before


def test_before_the_installation_it_is_broken_and_says_the_cure(env: dict[str, str]) -> None:
    level, problems = seen(load(env), env)
    assert level == BROKEN
    assert problems.count("run `gitlease install`") == 3


@pytest.mark.parametrize("name", ["home", "cache"])
def test_where_nothing_is_installed_the_cure_is_to_install(
    mine: Settings, env: dict[str, str], name: str
) -> None:
    folder: Path = getattr(mine, name)
    shutil.rmtree(folder)
    level, problems = seen(mine, env)
    assert level == BROKEN
    assert f"{folder} is missing; run `gitlease install`" in problems
    assert "GITLEASE_HOME" not in problems


def test_a_missing_helper_is_broken(mine: Settings, env: dict[str, str]) -> None:
    mine.helper.unlink()
    assert seen(mine, env) == (BROKEN, f"{mine.helper} is missing; run `gitlease install`")


def test_a_helper_whose_python_is_gone_is_broken(mine: Settings, env: dict[str, str]) -> None:
    """As one that was installed from a virtual environment that somebody has removed."""
    text = mine.helper.read_text()
    mine.helper.write_text(text.replace("python='", "python='/gone", 1))
    level, problems = seen(mine, env)
    assert level == BROKEN
    assert re.search("^the helper starts /gone.*, which is gone; install gitlease again", problems)


def test_a_git_that_is_wired_elsewhere_is_for_no_probe_to_see(
    mine: Settings, env: dict[str, str], home: Path
) -> None:
    """Or a workspace that is well would never be ready; it is told all the same."""
    (home / ".gitconfig").unlink()
    assert seen(mine, env)[0] == BROKEN
    more = surroundings.additions(mine, env)
    surroundings.remember(mine, more)
    assert seen(mine, env | more) == (HEALTHY, "")
    level, problems = seen(mine, env)
    assert (level, problems.count("\n")) == (DEGRADED, 0)
    surroundings.remember(mine, {})
    assert seen(mine, env)[0] == BROKEN
    assert seen(replace(mine, scope="env"), env)[0] == DEGRADED


@pytest.mark.parametrize("how", ["gone", "own gone", "own changed", "bytes"])
def test_a_git_that_does_not_ask_us_is_broken(
    mine: Settings, env: dict[str, str], how: str
) -> None:
    own = mine.home / "gitconfig"
    match how:
        case "gone":
            user_config(env).unlink()
        case "own gone":
            own.unlink()
        case "own changed":
            own.write_text(own.read_text() + "\thelper = other\n")
        case "bytes":
            user_config(env).write_bytes(b"\xff")
            own.write_bytes(b"\xff")
    level, problems = seen(mine, env)
    assert level == BROKEN
    assert "git does not ask our helper for github.com; run `gitlease install`" in problems


def test_a_git_that_asks_us_and_is_told_other_things_than_meant_is_degraded(
    mine: Settings, env: dict[str, str]
) -> None:
    """As after an upgrade, or with an option that came later: git still gets its token."""
    level, problems = seen(replace(mine, rewrite_ssh=True), env)
    assert (level, "gitconfig was written for other settings" in problems) == (DEGRADED, True)
    own = mine.home / "gitconfig"
    own.write_text("# another version's first line\n" + own.read_text().partition("\n")[2])
    level, problems = seen(mine, env)
    assert (level, "run `gitlease install`" in problems) == (DEGRADED, True)
    install(mine, env, offline=True)
    assert seen(mine, env) == (HEALTHY, "")


def test_an_unsafe_folder_is_broken(mine: Settings, env: dict[str, str]) -> None:
    mine.cache.chmod(0o755)
    level, problems = seen(mine, env)
    assert level == BROKEN
    assert f"chmod 700 {mine.cache}" in problems


NO_SOURCE = "no source of tokens is configured"


def test_a_folder_that_cannot_even_be_looked_for_is_broken(env: dict[str, str], home: Path) -> None:
    """As one in which another user may not look; a probe is told, and gets no exception."""
    env["GITLEASE_HOME"] = str(home / ("x" * 300))
    level, problems = seen(load(env), env)
    assert level == BROKEN
    assert "File name too long" in problems


def test_without_a_source_it_is_broken_but_a_living_token_still_serves(
    mine: Settings, env: dict[str, str]
) -> None:
    bare, nothing = replace(mine, app_id=""), {"HOME": env["HOME"]}
    assert seen(bare, nothing)[0] == BROKEN
    put(bare)
    level, problems = seen(bare, nothing)
    assert (level, problems.startswith(NO_SOURCE)) == (DEGRADED, True)
    put(bare, life=0.0)
    assert seen(bare, nothing)[0] == BROKEN


def test_a_token_of_the_environment_is_a_source(mine: Settings, env: dict[str, str]) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        assert seen(replace(mine, app_id=""), env | {name: "ghp_x"}) == (HEALTHY, "")


@pytest.mark.parametrize("how", ["missing", "folder"])
def test_a_key_that_cannot_be_read_is_no_source(
    mine: Settings, env: dict[str, str], how: str
) -> None:
    key = Path(mine.private_key_file)
    key.unlink()
    if how == "folder":
        key.mkdir()
    level, problems = seen(mine, env)
    assert level == BROKEN
    assert re.fullmatch(
        f"the App's key {key} cannot be read .*; point GITLEASE_PRIVATE_KEY_FILE at .*", problems
    )
    # What else serves does not hide it.
    assert seen(mine, env | {"GH_TOKEN": "ghp_x"}) == (DEGRADED, problems)
    put(mine)
    assert seen(mine, env) == (DEGRADED, problems)


def test_a_source_that_another_can_stand_in_for_degrades(mine: Settings, home: Path) -> None:
    """As where a platform names its broker, and the workspace has a key and no bearer."""
    both, env = replace(mine, broker_url="https://x.test", configs_dir=home), {"HOME": str(home)}
    level, problems = seen(both, env)
    assert (level, problems.startswith("workspace ws-1 has no bearer for ")) == (DEGRADED, True)
    Path(mine.private_key_file).unlink()
    level, problems = seen(both, env)
    assert (level, problems.count("\n")) == (BROKEN, 1)
    (home / ".auth_token").write_text("glw_mine")
    level, problems = seen(both, env)
    assert (level, problems.startswith("the App's key ")) == (DEGRADED, True)


def test_a_helper_that_cannot_be_run_is_broken(mine: Settings, env: dict[str, str]) -> None:
    mine.helper.chmod(0o600)
    level, problems = seen(mine, env)
    assert level == BROKEN
    assert problems.startswith(f"{mine.helper} cannot be run; run `gitlease install`")


def test_a_git_that_reads_no_file_of_the_user_is_broken(
    mine: Settings, env: dict[str, str]
) -> None:
    level, problems = seen(mine, env | {"GIT_CONFIG_GLOBAL": ""})
    assert level == BROKEN
    assert problems.startswith("GIT_CONFIG_GLOBAL is empty, so git reads no config file")


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a'b", "ä b"])
def test_any_name_of_a_home_is_healthy(home: Path, env: dict[str, str], name: str) -> None:
    env["GITLEASE_HOME"] = str(home / name)
    install(load(env), env, offline=True)
    assert seen(load(env), env) == (HEALTHY, "")


def test_an_include_that_was_commented_out_is_broken(mine: Settings, env: dict[str, str]) -> None:
    config = user_config(env)
    config.write_text(config.read_text().replace("\tpath", "\t# path"))
    assert seen(mine, env)[0] == BROKEN


def test_the_last_failure_degrades_until_a_token_is_had_or_the_settings_change(
    mine: Settings, env: dict[str, str]
) -> None:
    cache = Cache(mine)
    failures = Failures(mine, Chain(mine, env, cache, time.time).configured)
    failures.note("github.com~acme", RefusedError("no\nway", hint="ask"), time.time() - 60)
    assert seen(mine, env) == (DEGRADED, r"no token for github.com/acme: no\nway; ask")
    assert seen(mine, env | {"GH_TOKEN": "ghp_new"}) == (HEALTHY, "")
    failures.note("github.com~acme", RefusedError("no way"), time.time() - 7200)
    assert seen(mine, env) == (HEALTHY, "")
    failures.note("github.com~acme", RefusedError("no way"), time.time() - 60)
    failures.forget("github.com~acme")
    assert seen(mine, env) == (HEALTHY, "")


def test_a_refresher_that_is_wanted_and_gone_degrades(mine: Settings, env: dict[str, str]) -> None:
    run = mine.home / "run"
    (run / "refresher.wanted").touch()
    expected = "the refresher is gone; run `gitlease install`, which starts it"
    assert seen(mine, env) == (DEGRADED, expected)
    (run / "refresher.pid").write_text(f"{os.getpid()}\n")
    with (run / "refresher.pid").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert seen(mine, env) == (HEALTHY, "")
        status = examine(mine, env)
    shown = {"pid": os.getpid(), "late": 0, "failures_in_a_row": 0}
    assert status.as_json()["refresher"] == shown
    assert str(status).endswith(f"\n  refresher: process {os.getpid()}")


def test_a_login_of_gh_that_is_ours_and_dead_degrades(
    mine: Settings, env: dict[str, str], home: Path
) -> None:
    hosts = home / ".config" / "gh" / "hosts.yml"
    hosts.parent.mkdir(parents=True)
    hosts.write_text("github.com:\n    user: app[bot]\n    oauth_token: ghs_canary\n")
    level, problems = seen(mine, env)
    assert (level, problems.endswith("; run `gitlease install`")) == (DEGRADED, True)
    assert "canary" not in problems
    put(mine)
    assert seen(mine, env) == (HEALTHY, "")


def test_a_record_that_cannot_be_believed_and_a_wrong_setting_degrade(
    mine: Settings, env: dict[str, str]
) -> None:
    put(mine)
    (mine.cache / "github.com~bolt").write_text("torn")
    level, problems = seen(replace(mine, problem="settings.toml is set aside"), env)
    assert level == DEGRADED
    assert problems == (
        "settings.toml is set aside\n"
        "the record github.com~bolt cannot be believed; run `gitlease invalidate`"
    )


def test_a_record_of_no_use_any_more_is_no_trouble(mine: Settings, env: dict[str, str]) -> None:
    """It waits to be written over: a fleet that gets another App has nothing to clear up."""
    put(replace(mine, app_id="2"))
    assert seen(mine, env) == (HEALTHY, "")
    put(mine)
    Cache(mine).reject(token("ghs_canary").fingerprint, time.time() + 60)
    assert (*seen(mine, env), examine(mine, env).records) == (HEALTHY, "", ())


def test_records_are_listed_by_fingerprint_and_never_by_secret(
    mine: Settings, env: dict[str, str]
) -> None:
    put(mine)
    status = examine(mine, env)
    [row] = status.as_json()["records"]
    assert "canary" not in json.dumps(status.as_json()) + str(status) + repr(status)
    assert row.pop("expires_in") in range(3500, 3601)
    assert row == {
        "name": "github.com~acme",
        "fingerprint": token("ghs_canary").fingerprint,
        "source": "test",
        "usable": True,
    }


def test_a_person_reads_one_line_for_each_thing() -> None:
    row = {"name": "n", "fingerprint": "f" * 44, "expires_in": 5, "source": "app key"}
    status = Status(DEGRADED, ("it rains",), (row,), "/home/g", "github.com")
    assert str(status).split("\n") == [
        "degraded: git at github.com, records in /home/g",
        "  problem: it rains",
        "  n: ffffffffffff… lives 5 s more, from app key",
    ]
    assert "no cached token" in str(dataclasses.replace(status, records=()))
