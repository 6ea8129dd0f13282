"""Each command prints what it promises, and nothing secret that was not asked for."""

import json
import os
import re
from collections.abc import Callable

import pytest

from gitlease.model.frozen import replace
from gitlease.workspace import clocks, notes
from gitlease.workspace.cache import Cache
from gitlease.workspace.settings import load
from tests.support.parts import token

Run = Callable[..., tuple[int, str, str]]


def put(
    name: str, secret: str = "ghs_canary", *, life: float = 3600.0, for_all: bool = True
) -> None:
    now = clocks.read()
    Cache(load(os.environ)).put(name, token(secret, now, life=life), now, for_all=for_all)


def names() -> list[str]:
    return Cache(load(os.environ)).names()


def test_token_prints_the_token_and_nothing_else(run: Run) -> None:
    put("github.com~acme")
    for words in (
        ["--owner", "acme"],
        ["--repo", "Acme/App.git"],
        ["--owner=acme", "--min-ttl=60"],
    ):
        assert run("token", *words) == (0, "ghs_canary\n", "")


def test_token_json_says_how_long_it_lives_and_whence_it_came(run: Run) -> None:
    put("github.com~acme")
    code, out, err = run("token", "--owner", "acme", "--json")
    shown = json.loads(out)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown.pop("expires_at"))
    assert 3500 < shown.pop("expires_in") <= 3600
    assert shown == {"token": "ghs_canary", "username": "x-access-token", "source": "test"}


def test_a_token_without_a_known_end_has_none_in_json(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_TOKEN", "ghp_canary")
    shown = json.loads(run("token", "--json")[1])
    assert (shown["expires_at"], shown["expires_in"]) == (None, None)


def test_without_a_source_token_fails_with_one_line_that_says_the_cure(run: Run) -> None:
    code, out, err = run("token", "--owner", "acme")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"gitlease: no source of tokens is configured; .*GITLEASE_APP_ID.*\n", err)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("GITLEASE_APP_ID", "GITLEASE_PRIVATE_KEY_FILE"),
        ("GITLEASE_PRIVATE_KEY_FILE", "GITLEASE_APP_ID"),
        ("GITLEASE_WORKSPACE_ID", "GITLEASE_BROKER_URL"),
    ],
)
def test_a_source_that_is_named_by_halves_is_told_which_half_is_missing(
    run: Run, monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv(given, "/run/app" if given.endswith("FILE") else "app")
    said = f"no source of tokens is configured ({missing} is missing); set GITLEASE_BROKER_URL"
    assert said in run("token")[2]
    assert said in " ".join(json.loads(run("status", "--json")[1])["problems"])


@pytest.mark.parametrize("command", ["token", "invalidate"])
@pytest.mark.parametrize(
    "words",
    [
        ["--owner", ""],
        ["--repo", ""],
        ["--owner", "/"],
        ["--repo", "acme"],
        ["--owner", "acme/app"],
        ["--owner", "a b"],
        ["--repo", "acme/.."],
        ["--owner", "\x1b[2J"],
    ],
)
def test_an_option_that_names_nothing_is_wrong_usage_and_never_everything(
    run: Run, command: str, words: list[str]
) -> None:
    put("github.com")
    put("github.com~acme")
    code, out, err = run(command, *words)
    assert (code, out) == (2, "")
    assert err.startswith("gitlease: ")
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert names() == ["github.com", "github.com~acme"]


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "ten", ""])
def test_a_life_that_makes_no_sense_is_wrong_usage(run: Run, seconds: str) -> None:
    put("github.com~acme")
    code, out, err = run("token", "--owner", "acme", f"--min-ttl={seconds}")
    assert (code, out) == (2, "")
    assert "--min-ttl" in err


def test_a_token_that_could_not_be_renewed_is_printed_with_a_warning_beside_it(run: Run) -> None:
    put("github.com~acme", life=3600)
    cache = Cache(load(os.environ))
    record = cache.read("github.com~acme")
    assert record is not None
    now = clocks.read()
    cache.put("github.com~acme", token("ghs_canary", now, life=3600), now, for_all=True)
    old = token("ghs_canary", now, life=100)
    cache.put(
        "github.com~acme",
        type(old)(old.secret, old.expires_at, 0.0, source="test"),
        now,
        for_all=True,
    )
    code, out, err = run("token", "--owner", "acme")
    assert (code, out) == (0, "ghs_canary\n")
    assert re.fullmatch(r"gitlease: the token for .* could not be renewed: .*\n", err)


def test_a_settings_file_that_is_set_aside_is_mentioned(run: Run) -> None:
    put("github.com~acme")
    (load(os.environ).home / "settings.toml").write_text("[")
    code, out, err = run("token", "--owner", "acme")
    assert (code, out) == (0, "ghs_canary\n")
    assert "is set aside" in err
    assert err.count("\n") == 1


def test_a_bad_setting_stops_a_command_with_its_name(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLEASE_MIN_TTL", "soon")
    for command in ("token", "invalidate", "status", "uninstall"):
        code, out, err = run(command)
        assert (code, out) == (2, "")
        assert err == "gitlease: GITLEASE_MIN_TTL is 'soon'; it takes a whole number\n"


@pytest.mark.parametrize(
    ("words", "left", "said"),
    [
        ([], [], "4 cached tokens forgotten\n"),
        (["--owner", "acme"], ["github.com", "github.com~bolt"], "2 cached tokens forgotten\n"),
        (
            ["--repo", "acme/app"],
            ["github.com", "github.com~acme", "github.com~bolt"],
            "1 cached token forgotten\n",
        ),
        (
            ["--owner", "ac"],
            ["github.com", "github.com~acme", "github.com~acme~app", "github.com~bolt"],
            "0 cached tokens forgotten\n",
        ),
    ],
)
def test_invalidate_forgets_what_was_named_and_nothing_else(
    run: Run, words: list[str], left: list[str], said: str
) -> None:
    for name in ("github.com", "github.com~acme", "github.com~acme~app", "github.com~bolt"):
        put(name)
    assert run("invalidate", *words) == (0, said, "")
    assert names() == left


def test_invalidate_forgets_what_failed_as_well(run: Run) -> None:
    put("github.com~acme")
    mine = load(os.environ)
    (mine.home / "run").mkdir(mode=0o700)
    remembered = (
        notes.failure_file(mine, "github.com~bolt"),
        notes.installation_file(mine, "github.com~bolt"),
    )
    for path in remembered:
        path.write_text("{}")
    kept = mine.home / "run" / "status.json"
    kept.write_text("{}")
    assert run("invalidate", "--owner", "acme")[0] == 0
    assert [path.exists() for path in (*remembered, kept)] == [False, False, True]


def test_status_exits_by_its_level_and_prints_for_people_or_programs(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run("status")
    assert (code, out.startswith("broken: "), err) == (2, True, "")
    monkeypatch.setenv("GH_TOKEN", "ghp_canary")
    run("install", "--offline")
    code, out, err = run("status", "--json")
    assert (code, json.loads(out)["status"], err) == (0, "healthy", "")
    (load(os.environ).home / "settings.toml").write_text("nonsense = 1")
    code, out, err = run("status", "--json")
    assert (code, json.loads(out)["status"]) == (1, "degraded")
    assert "canary" not in out


# refresh


def test_refresh_says_what_it_did_a_line_for_each_token(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("refresh")[1] == "no source of tokens is set up yet; `gitlease status` says more\n"
    monkeypatch.setenv("GITLEASE_APP_ID", "1")
    monkeypatch.setenv("GITLEASE_PRIVATE_KEY_FILE", "/nowhere/app.pem")
    monkeypatch.setenv("PATH", "/nowhere")
    assert run("refresh")[1] == "no cached token; the next git command fetches one\n"
    put("github.com~acme")
    now = clocks.read()
    due = replace(token("ghs_canary", now), expires_at=now.wall + 1000)
    Cache(load(os.environ)).put("github.com~other", due, now, for_all=True)
    code, out, err = run("refresh")
    first, second = out.splitlines()
    assert (code, err) == (1, "")
    assert re.fullmatch(r"ok      github.com/acme: lives \d+ s more", first)
    assert second.startswith("failed  github.com/other: the App's key /nowhere/app.pem cannot be")
    assert "ghs_" not in out


def test_the_refreshers_round_prints_a_number_whatever_happens(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what stopped it is there for whoever looks."""
    put("github.com~acme")
    status = load(os.environ).home / "run" / "status.json"
    status.parent.mkdir(mode=0o700)
    assert run("refresh", "--print-next") == (0, "30\n", "")
    monkeypatch.setenv("GITLEASE_MIN_TTL", "soon")
    code, out, err = run("refresh", "--print-next")
    assert (code, err) == (0, "")
    assert 27 <= int(out) <= 30
    assert json.loads(status.read_text())["last_error"] == {
        "message": "GITLEASE_MIN_TTL is 'soon'",
        "hint": "it takes a whole number",
    }
    monkeypatch.delenv("GITLEASE_MIN_TTL")
    monkeypatch.setattr("gitlease.workspace.commands.refresh.run_round", int)
    assert 54 <= int(run("refresh", "--print-next")[1]) <= 60
    error = json.loads(status.read_text())["last_error"]
    assert error["message"] == "a round of the refresher failed (TypeError)"
