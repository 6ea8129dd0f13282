"""One fetch for any number of askers; what still lives is not taken away by a failure."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.errors import GitleaseError
from gitlease.model.targets import Target
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import renewal
from gitlease.workspace.locks import held
from gitlease.workspace.renewal import Renewal
from gitlease.workspace.sources import Fetched
from tests.support.parts import APP, HOST, token, tree
from tests.support.renewing import OWNER, House, Spring


@pytest.fixture
def house(home: Path) -> House:
    return House(home)


def test_a_token_is_fetched_once_and_then_served_from_the_cache(house: House) -> None:
    first = house.renewal.get(APP)
    assert (first.fetched, first.token, first.warning) == (True, house.spring.given[0], "")
    house.clock.advance(2000)
    for target in (APP, Target(HOST, "acme", "site"), Target(HOST, "acme")):
        again = house.renewal.get(target)
        assert (again.fetched, again.token) == (False, first.token)
    assert house.spring.asked == 1


def test_a_token_near_its_end_is_renewed(house: House) -> None:
    house.renewal.get(APP)
    house.clock.advance(3001)
    assert house.renewal.get(APP).token == house.spring.given[1]


def test_large_files_want_a_longer_life(house: House) -> None:
    house.renewal.get(APP)
    house.clock.advance(2401)
    assert not house.renewal.get(APP).fetched
    assert house.renewal.get(Target(HOST, "acme", "app", lfs=True)).fetched


def test_the_caller_may_want_a_longer_life_and_gets_it(house: House) -> None:
    house.renewal.get(APP)
    house.clock.advance(1800)
    outcome = house.renewal.get(APP, min_ttl=1800)
    assert (outcome.fetched, outcome.warning) == (False, "")
    outcome = house.renewal.get(APP, min_ttl=1801)
    assert (outcome.fetched, outcome.warning) == (True, "")


def test_a_longer_life_than_there_is_is_told_and_not_refused(house: House) -> None:
    house.renewal.get(APP)
    house.clock.advance(60)
    outcome = house.renewal.get(APP, min_ttl=9999)
    assert outcome.token == house.spring.given[1]
    assert outcome.warning == (
        "the token for github.com/acme/app lives 3600 s, not 9999 s: "
        "no source has one that lives longer"
    )


def test_a_longer_life_that_cannot_be_had_now_is_no_failure(house: House) -> None:
    first = house.renewal.get(APP)
    house.clock.advance(1000)
    house.spring.failure = errors.UnreachableError("no route")
    outcome = house.renewal.get(APP, min_ttl=3000)
    assert outcome.token == first.token
    assert "lives 2600 s more" in outcome.warning


@pytest.mark.guarantee("one-fetch")
def test_a_crowd_that_wants_a_longer_life_than_there_is_causes_one_fetch(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.renewal.get(APP)
    house.clock.advance(60)

    @contextlib.contextmanager
    def after_the_leader(_path: Path, *, limit: float) -> Iterator[bool]:
        del limit
        house.clock.advance(1)
        house.cache.put(OWNER, token("ghs_lead", house.clock()), house.clock(), for_all=True)
        yield True

    monkeypatch.setattr(renewal, "held", after_the_leader)
    outcome = house.renewal.get(APP, min_ttl=9999)
    assert outcome.token.secret.reveal() == "ghs_lead"
    assert "lives 3600 s, not 9999 s" in outcome.warning
    assert house.spring.asked == 1


def test_fresh_means_that_the_cache_is_not_believed(house: House) -> None:
    house.renewal.get(APP)
    house.clock.advance(1)
    assert house.renewal.get(APP, fresh=True).token == house.spring.given[1]


@pytest.mark.guarantee("renewal")
@pytest.mark.parametrize(
    "failure",
    [
        errors.UnreachableError("no route"),
        errors.RateLimitedError("slow down"),
        errors.UnauthorizedError("bad key"),
        errors.NotInstalledError("gone"),
        errors.KeyFileError("no file"),
    ],
)
def test_what_still_lives_is_served_with_a_warning_when_it_cannot_be_renewed(
    house: House, failure: GitleaseError
) -> None:
    first = house.renewal.get(APP)
    house.clock.advance(3100)
    house.spring.failure = failure
    outcome = house.renewal.get(APP)
    assert outcome.token == first.token
    assert "lives 500 s more" in outcome.warning
    assert str(failure) in outcome.warning


@pytest.mark.guarantee("expiry")
def test_what_does_not_live_is_not_served(house: House) -> None:
    house.renewal.get(APP)
    house.clock.advance(3600)
    house.spring.failure = errors.UnreachableError("no route")
    with pytest.raises(errors.UnreachableError, match="no route"):
        house.renewal.get(APP)


@pytest.mark.guarantee("scope")
@pytest.mark.parametrize("kind", [errors.RefusedError, errors.SuspendedError])
def test_a_refusal_ends_the_chain_and_the_living_token_is_not_used_to_get_around_it(
    house: House, kind: type[errors.SourceError]
) -> None:
    house.renewal.get(APP)
    house.clock.advance(3100)
    last_resort = Spring(house.clock, "environment")
    house.spring.failure = kind("not yours")
    with pytest.raises(kind, match="not yours"):
        house.over(house.spring, last_resort).get(APP)
    assert last_resort.asked == 0


def test_the_next_source_is_asked_when_one_fails_or_has_nothing_to_say(house: House) -> None:
    silent = Spring(house.clock, "silent", dry=True)
    failing = Spring(house.clock, "failing", errors.UnreachableError("no route"))
    outcome = house.over(silent, failing, house.spring).get(APP)
    assert outcome.token == house.spring.given[0]


def test_when_nothing_is_left_each_source_is_named_with_its_reason(house: House) -> None:
    one = Spring(house.clock, "app key", errors.KeyFileError("no such file", hint="mount it"))
    two = Spring(house.clock, "environment", errors.SourceError("GH_TOKEN has expired"))
    with pytest.raises(errors.NoTokenError) as raised:
        house.over(one, two).get(APP)
    assert str(raised.value) == (
        "app key: no such file; environment: GH_TOKEN has expired; mount it"
    )
    assert raised.value.status == 404


def test_without_any_source_the_cure_is_to_configure_one(house: House) -> None:
    house.spring.dry = True
    with pytest.raises(errors.NoTokenError, match="GITLEASE_APP_ID"):
        house.renewal.get(APP)


@pytest.mark.parametrize("kind", [errors.UnreachableError, errors.RateLimitedError])
def test_several_failures_of_which_one_will_pass_say_when_to_ask_again(
    house: House, kind: type[errors.SourceError]
) -> None:
    one = Spring(house.clock, "app key", kind("wait", retry_after=120))
    two = Spring(house.clock, "environment", errors.SourceError("GH_TOKEN has expired"))
    with pytest.raises(kind) as raised:
        house.over(two, one).get(APP)
    assert (type(raised.value), raised.value.retry_after) == (kind, 120)
    asked = one.asked
    house.clock.advance(119)
    with pytest.raises(kind):
        house.over(two, one).get(APP)
    assert one.asked == asked


def test_a_token_that_github_refused_before_is_not_handed_out_again(house: House) -> None:
    stale = Token(Secret("ghs_0"), None, 0.0)
    house.cache.reject(stale.fingerprint, house.clock.wall() + 3600)
    with pytest.raises(errors.SourceError, match="the spring gave a token that GitHub has refused"):
        house.renewal.get(APP)
    house.clock.advance(3)
    assert house.renewal.get(APP).token == house.spring.given[1]


@pytest.mark.guarantee("expiry")
@pytest.mark.parametrize("life", [-3600.0, 0.0])
def test_a_token_that_is_dead_on_arrival_is_not_handed_out(house: House, life: float) -> None:
    house.spring.life = life
    with pytest.raises(errors.SourceError, match="has expired"):
        house.renewal.get(APP)
    assert house.cache.names() == []


def test_a_token_that_may_not_be_stored_is_not(house: House) -> None:
    class Personal:
        name = "environment"

        def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
            del target, min_ttl
            return Fetched(Token(Secret("ghp_canary"), None, 0.0), None)

    assert house.over(Personal()).get(APP).token.secret.reveal() == "ghp_canary"
    assert not any(b"canary" in data for data in tree(house.home).values())


@pytest.mark.guarantee("renewal")
def test_a_full_disk_keeps_the_old_record_and_still_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = house.renewal.get(APP)
    house.clock.advance(3100)

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        outcome = house.renewal.get(APP)
    assert outcome.token == house.spring.given[1]
    assert "No space left on device" in outcome.warning
    assert house.cache.read(OWNER) == old.record
    assert sorted(path.name for path in house.cache.folder.iterdir()) == [f".lock~{OWNER}", OWNER]


def test_an_unsafe_folder_still_answers_and_keeps_nothing(house: House) -> None:
    house.settings.home.mkdir()
    house.settings.home.chmod(0o755)
    outcome = house.renewal.get(APP)
    assert outcome.token == house.spring.given[0]
    assert f"chmod 700 {house.settings.home}" in outcome.warning
    assert tree(house.home) == {}


def test_a_narrower_record_does_not_hide_a_newer_broader_one(house: House) -> None:
    house.cache.put(APP.names[0], token("ghs_narrow", life=60), house.clock(), for_all=False)
    house.clock.advance(50)
    assert house.renewal.get(APP).token == house.spring.given[0]
    assert house.renewal.get(APP).token == house.spring.given[0]
    assert house.cache.names() == [OWNER]


def busy(house: House) -> Renewal:
    return Renewal(house.settings, house.cache, [house.spring], house.clock, lock_limit=0.02)


def test_who_has_waited_too_long_for_a_leader_fails_and_does_not_ask_as_well(house: House) -> None:
    house.cache.put("github.com~other", token(), house.clock(), for_all=True)
    with held(house.cache.folder / f".lock~{OWNER}"), pytest.raises(errors.BusyError) as raised:
        busy(house).get(APP)
    assert str(raised.value).startswith("another process has not let go of it for 0.02 s; try")
    assert house.spring.asked == 0


def test_who_has_waited_too_long_takes_what_still_lives(house: House) -> None:
    first = house.renewal.get(APP)
    house.clock.advance(3100)
    with held(house.cache.folder / f".lock~{OWNER}"):
        outcome = busy(house).get(APP)
    assert outcome.token == first.token
    assert "another process" in outcome.warning
    assert house.spring.asked == 1


def test_who_has_waited_too_long_looks_into_the_cache_once_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leader may have been done in the very last moment."""
    fetched = token("ghs_late")

    @contextlib.contextmanager
    def late(_path: Path, *, limit: float) -> Iterator[bool]:
        house.cache.put(OWNER, fetched, house.clock(), for_all=True)
        raise errors.BusyError(f"another process for {limit:g} s")
        yield False

    monkeypatch.setattr(renewal, "held", late)
    outcome = house.renewal.get(APP)
    assert (outcome.token, outcome.warning) == (fetched, "")
    assert house.spring.asked == 0


def test_a_folder_that_cannot_be_trusted_is_told_no_failure(house: House) -> None:
    house.settings.home.mkdir()
    house.settings.home.chmod(0o755)
    house.spring.failure = errors.UnreachableError("no route")
    with pytest.raises(errors.UnreachableError):
        house.renewal.get(APP)
    assert tree(house.home) == {}
