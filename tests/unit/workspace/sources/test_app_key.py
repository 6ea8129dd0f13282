"""The App's own key gets a token for exactly the owner, and survives what GitHub does meanwhile."""

import traceback
from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.targets import Target
from gitlease.workspace.settings import Settings
from tests.support.app_keys import source
from tests.support.parts import APP, HOST, Clock
from tests.support.tiny_github import TinyGitHub


def test_without_an_app_there_is_nothing_to_say(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    assert source(mine, github, clock, app_id="").fetch(APP, 600) is None
    assert source(mine, github, clock, private_key_file="").fetch(APP, 600) is None
    assert github.asked == []


def test_a_token_is_minted_for_the_owner_and_serves_all_its_repositories(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    fetched = source(mine, github, clock).fetch(APP, 600)
    assert fetched is not None
    assert (fetched.name, fetched.for_all) == ("github.com~acme", True)
    assert github.tokens[fetched.token.secret.reveal()] == ("acme", {})
    assert fetched.token.expires_at == clock.wall() + 3600
    assert fetched.token.source == "app key"


def test_a_token_of_one_repository_serves_that_one_alone(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    fetched = source(mine, github, clock, granularity="repository").fetch(APP, 600)
    assert fetched is not None
    assert (fetched.name, fetched.for_all) == ("github.com~acme~app", False)
    assert github.tokens[fetched.token.secret.reveal()] == ("acme", {"repositories": ["app"]})


def test_where_each_repository_has_its_own_the_owners_token_stands_in_for_none(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    fetched = source(mine, github, clock, granularity="repository").fetch(Target(HOST, "acme"), 600)
    assert fetched is not None
    assert (fetched.name, fetched.for_all) == ("github.com~acme", False)


def test_configured_permissions_narrow_every_token(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    fetched = source(mine, github, clock, permissions={"contents": "read"}).fetch(APP, 600)
    assert fetched is not None
    body = {"permissions": {"contents": "read"}}
    assert github.tokens[fetched.token.secret.reveal()] == ("acme", body)


@pytest.mark.parametrize("wrong", [-7200, -300, 300, 7200])
def test_a_wrong_clock_here_is_corrected_by_githubs_date(
    mine: Settings, github: TinyGitHub, wrong: float
) -> None:
    here = Clock()
    here.advance(wrong)
    fetched = source(mine, github, here).fetch(APP, 600)
    assert fetched is not None
    assert fetched.token.expires_at == here.wall() + 3600


def test_a_clock_that_cannot_be_corrected_is_the_cause_that_is_named(
    mine: Settings, github: TinyGitHub
) -> None:
    here = Clock()
    here.advance(-7200)
    github.says_date = False
    with pytest.raises(errors.ClockError, match="clock"):
        source(mine, github, here).fetch(APP, 600)


def test_another_apps_key_is_refused_as_such(
    mine: Settings, github: TinyGitHub, clock: Clock
) -> None:
    with pytest.raises(errors.UnauthorizedError, match="GITLEASE_APP_ID"):
        source(mine, github, clock, app_id="999").fetch(APP, 600)


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN canary-----"])
def test_a_key_file_that_is_missing_or_wrong_is_named_and_not_quoted(
    mine: Settings, github: TinyGitHub, clock: Clock, content: bytes | None
) -> None:
    path = Path(mine.private_key_file)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(errors.KeyFileError) as raised:
        source(mine, github, clock).fetch(APP, 600)
    assert str(path) in str(raised.value)
    assert "canary" not in "".join(traceback.format_exception(raised.value))
    assert github.asked == []


def test_all_that_one_fetch_asks_shares_one_deadline(mine: Settings, github: TinyGitHub) -> None:
    # Each look-up, the mint, and once more what a wrong clock made GitHub refuse.
    here = Clock()
    here.advance(7200)
    github.install("bolt", 8, kind="users")
    mint = source(mine, github, here, installation_id=7)
    assert mint.fetch(Target(HOST, "bolt"), 600) is not None
    assert len(github.asked) == 4
    assert len(github.deadlines) == 1
    mint.fetch(APP, 600)
    assert len(github.deadlines) == 2
