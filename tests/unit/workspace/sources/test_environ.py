"""The environment's token is the last resort: never a dead one, never a refused one."""

from pathlib import Path
from typing import Any

import pytest

from gitlease.model.errors import SourceError
from gitlease.model.frozen import replace
from gitlease.model.targets import Target
from gitlease.model.tokens import fingerprint
from gitlease.workspace.cache import Cache
from tests.support.environs import CLASSIC, expiry, fetch, stateless
from tests.support.parts import Clock, settings

# What stands for /proc has environments in it.
pytestmark = pytest.mark.plants(r"file .*/proc/\d+/environ")
HOUR = 3600.0


@pytest.fixture
def clock() -> Clock:
    return Clock(replace(Clock().moment, boot=100_000.0))


def test_nothing_set_is_nothing_to_say(home: Path, clock: Clock) -> None:
    assert fetch(home, clock, {}) is None
    assert fetch(home, clock, {"GITHUB_TOKEN": "", "GH_TOKEN": ""}) is None


def test_github_token_comes_first_and_gh_token_second(home: Path, clock: Clock) -> None:
    both = {"GITHUB_TOKEN": "ghp_one", "GH_TOKEN": "ghp_two"}
    fetched = fetch(home, clock, both)
    assert fetched is not None
    assert (fetched.token.secret.reveal(), fetched.token.source) == ("ghp_one", "GITHUB_TOKEN")
    fetched = fetch(home, clock, both | {"GITHUB_TOKEN": "not a token"})
    assert fetched is not None
    assert (fetched.token.secret.reveal(), fetched.token.source) == ("ghp_two", "GH_TOKEN")


def test_it_is_never_stored_under_any_name(home: Path, clock: Clock) -> None:
    fetched = fetch(home, clock, {"GH_TOKEN": "ghp_one"})
    assert fetched is not None
    assert (fetched.name, fetched.for_all) == (None, False)


def test_a_persons_own_token_has_no_known_end(home: Path, clock: Clock) -> None:
    assert expiry(home, clock, "ghp_one") is None
    assert expiry(home, clock, "github_pat_one") is None


def test_a_stateless_token_says_itself_when_it_ends(home: Path, clock: Clock) -> None:
    assert expiry(home, clock, stateless(exp=clock.wall() + 1800)) == 1800


def test_no_installation_token_outlives_an_hour_from_now(home: Path, clock: Clock) -> None:
    assert expiry(home, clock, stateless(exp=clock.wall() + 1e9)) == HOUR


@pytest.mark.parametrize("exp", [-1.0, 0.0, 4.0])
def test_a_stateless_token_at_its_end_is_refused(home: Path, clock: Clock, exp: float) -> None:
    with pytest.raises(SourceError, match="GH_TOKEN has expired"):
        expiry(home, clock, stateless(exp=clock.wall() + exp))


@pytest.mark.parametrize("value", ["two words", "a\nb", "é", "x\x7f"])
def test_what_is_no_token_is_not_used_and_not_quoted(home: Path, clock: Clock, value: str) -> None:
    with pytest.raises(SourceError) as raised:
        fetch(home, clock, {"GH_TOKEN": value})
    assert str(raised.value).startswith("GH_TOKEN is no token;")


def test_a_token_that_github_refused_before_is_not_tried_again(home: Path, clock: Clock) -> None:
    cache = Cache(settings(home))
    cache.reject(fingerprint("ghp_one"), clock.wall() + HOUR)
    with pytest.raises(SourceError, match="GITHUB_TOKEN was refused by GitHub before"):
        fetch(home, clock, {"GITHUB_TOKEN": "ghp_one"})
    assert fetch(home, clock, {"GITHUB_TOKEN": "ghp_one", "GH_TOKEN": "ghp_two"}) is not None


@pytest.mark.parametrize(
    "narrowed", [{"granularity": "repository"}, {"permissions": {"contents": "read"}}]
)
def test_where_tokens_are_narrowed_a_wider_one_is_not_used(
    home: Path, clock: Clock, narrowed: dict[str, Any]
) -> None:
    with pytest.raises(SourceError, match="GH_TOKEN may reach more than"):
        fetch(home, clock, {"GH_TOKEN": "ghp_one"}, **narrowed)
    assert fetch(home, clock, {}, **narrowed) is None


def test_a_token_never_goes_to_another_server_than_its_own(home: Path, clock: Clock) -> None:
    env = {"GH_TOKEN": "ghp_one"}
    elsewhere = Target("ghe.example.com", "acme")
    with pytest.raises(SourceError, match=r"is for https://github\.com, not for ghe"):
        fetch(home, clock, env, elsewhere)
    theirs = env | {"GITHUB_SERVER_URL": "https://GHE.example.com/"}
    assert fetch(home, clock, theirs, elsewhere) is not None
    with pytest.raises(SourceError, match=r"not for github\.com"):
        fetch(home, clock, theirs)


def test_every_variables_fault_is_told_and_no_token(home: Path, clock: Clock) -> None:
    with pytest.raises(SourceError) as raised:
        fetch(home, clock, {"GITHUB_TOKEN": CLASSIC, "GH_TOKEN": stateless(exp=1)})
    assert str(raised.value) == (
        "GITHUB_TOKEN may be over an hour old: the process that brought it cannot be looked into, "
        "GH_TOKEN has expired; "
        "unset it, or start with a fresh one"
    )
