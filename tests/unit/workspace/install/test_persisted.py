"""What the environment said is kept for a git that will not have it, and nothing else is."""

import tomllib
from pathlib import Path

import pytest

from gitlease.workspace.install.persisted import Persisted
from gitlease.workspace.install.plan import install
from gitlease.workspace.install.report import Report
from gitlease.workspace.settings import load
from tests.support.parts import tree


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "GITLEASE_APP_ID": "123", "GITLEASE_PRIVATE_KEY_FILE": "/k é.pem"}


def states(report: Report) -> dict[str, str]:
    return {line.step: line.state for line in report.lines}


def test_a_git_without_our_variables_finds_the_same_settings(
    home: Path, env: dict[str, str]
) -> None:
    install(load(env), env, offline=True)
    bare = {"HOME": str(home)}
    assert load(bare) == load(env)


def test_a_later_installation_forgets_nothing_and_learns_what_is_new(
    home: Path, env: dict[str, str]
) -> None:
    install(load(env), env, offline=True)
    bare = {"HOME": str(home)}
    assert states(install(load(bare), bare, offline=True))["settings"] == "already"
    more = bare | {"GITLEASE_MIN_TTL": "60", "GITLEASE_APP_ID": "456"}
    assert states(install(load(more), more, offline=True))["settings"] == "done"
    found = load(bare)
    assert (found.app_id, found.private_key_file, found.min_ttl) == ("456", "/k é.pem", 60)


def test_settings_that_a_person_wrote_are_left_alone(env: dict[str, str]) -> None:
    mine = load(env)
    install(mine, env, offline=True)
    path = mine.home / "settings.toml"
    for text, state in ((b"app_id = '9'\n", "skipped"), (b"\xff", "failed")):
        path.write_bytes(text)
        assert states(install(mine, env, offline=True))["settings"] == state
        assert Persisted(mine, env).undo()[0] == "skipped"
        assert path.read_bytes() == text


def test_an_empty_file_of_settings_is_filled_again(env: dict[str, str]) -> None:
    """A power cut leaves one, and a person has nothing to lose in it."""
    mine = load(env)
    install(mine, env, offline=True)
    path = mine.home / "settings.toml"
    whole = path.read_bytes()
    path.write_bytes(b"")
    assert "is empty" in load(env).problem
    assert states(install(load(env), env, offline=True))["settings"] == "done"
    assert path.read_bytes() == whole


def test_a_relative_key_file_is_found_from_any_folder(
    home: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    env["GITLEASE_PRIVATE_KEY_FILE"] = "app.pem"
    install(load(env), env, offline=True)
    monkeypatch.chdir("/")
    assert load({"HOME": str(home)}).private_key_file == str(home / "app.pem")


def test_what_a_person_added_to_our_file_narrows_the_scope_ever_after(
    home: Path, env: dict[str, str]
) -> None:
    install(load(env), env, offline=True)
    path = load(env).home / "settings.toml"
    added = (
        'min_ttl = 60\nfail_closed = false\nlater = [1.5, "\\u007F é"]\n'
        '[permissions]\ncontents = "read"\n'
    )
    path.write_text(path.read_text() + added)
    for more in (env, env | {"GITLEASE_APP_ID": "456"}, {"HOME": str(home)}):
        install(load(more), more, offline=True)
        found = tomllib.loads(path.read_text())
        assert found == tomllib.loads(added) | {
            "app_id": found["app_id"],
            "private_key_file": "/k é.pem",
        }
    assert load({"HOME": str(home)}).permissions == {"contents": "read"}
    assert found["app_id"] == "456"


@pytest.mark.parametrize("harm", ["broken", "open"])
def test_settings_that_cannot_be_believed_are_not_written_over(
    env: dict[str, str], harm: str
) -> None:
    """They may narrow what a token can do."""
    mine = load(env)
    install(mine, env, offline=True)
    path = mine.home / "settings.toml"
    if harm == "broken":
        path.write_bytes(path.read_bytes() + b"permissions = {contents = ")
    else:
        path.chmod(0o666)
    before = path.read_bytes()
    state, text = Persisted(mine, env | {"GITLEASE_APP_ID": "456"}).do()
    assert (state, path.read_bytes()) == ("failed", before)
    assert text.startswith(f"{path} is set aside: ")


def test_a_secret_of_the_environment_is_kept_nowhere(home: Path, env: dict[str, str]) -> None:
    secrets = {
        "GITHUB_TOKEN": "ghs_canary",
        "GH_TOKEN": "ghs_canary",
        "HTTPS_PROXY": "http://canary@p",
    }
    install(load(env | secrets), env | secrets, offline=True)
    assert [name for name, data in tree(home).items() if b"canary" in data] == []
