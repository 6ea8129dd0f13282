"""One fetch for any number of askers; what still lives is not taken away by a failure."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.errors import GitleaseError
from gitlease.model.targets import Target
from gitlease.model.tokens import Secret, Token
from gitlease.workspace import notes, renewal
from gitlease.workspace.cache import Cache
from gitlease.workspace.locks import held
from gitlease.workspace.renewal import Renewal
from gitlease.workspace.sources import Fetched, Source
from tests.support.parts import APP, HOST, Clock, settings, token, tree

OWNER = APP.names[1]


@dataclass
class Spring:
    """A source that gives tokens for whole owners until it is told to fail."""

    clock: Clock
    name: str = "spring"
    failure: GitleaseError | None = None
    dry: bool = False
    given: list[Token] = field(default_factory=list)
    asked: int = 0
    life: float = 3600.0

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        del min_ttl
        self.asked += 1
        if self.failure:
            raise self.failure
        if self.dry:
            return None
        self.given.append(token(f"ghs_{len(self.given)}", self.clock(), life=self.life))
        return Fetched(self.given[-1], f"{target.host}~{target.owner}", for_all=True)


@dataclass
class House:
    """A renewal with its parts at hand."""

    home: Path
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.settings = settings(self.home)
        self.cache = Cache(self.settings)
        self.spring = Spring(self.clock)
        self.renewal = self.over(self.spring)

    def over(self, *sources: Source) -> Renewal:
        return Renewal(self.settings, self.cache, sources, self.clock)


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


@pytest.mark.parametrize(
    "kind",
    [errors.NotInstalledError, errors.UnauthorizedError, errors.SuspendedError],
)
@pytest.mark.parametrize("alone", [True, False])
def test_a_lasting_refusal_is_no_storm_either(
    house: House, kind: type[errors.SourceError], *, alone: bool
) -> None:
    house.spring.failure = kind("no")
    last_resort = Spring(house.clock, "environment", errors.SourceError("GH_TOKEN has expired"))
    sources = [house.spring] if alone else [house.spring, last_resort]
    for _ in range(20):
        with pytest.raises(errors.SourceError, match="no"):
            house.over(*sources).get(APP)
        house.clock.advance(0.2)
    assert house.spring.asked == 1
    house.clock.advance(1.5)
    house.spring.failure = None
    assert house.over(*sources).get(APP).fetched


def test_a_failure_holds_for_the_configuration_that_it_was_met_with(house: House) -> None:
    configured = ["one"]
    house.spring.failure = errors.NotInstalledError("no")
    renewal = Renewal(
        house.settings,
        house.cache,
        [house.spring],
        house.clock,
        configured=lambda: configured[0],
    )
    for configured[0], asked in (("one", 1), ("one", 1), ("two", 2), ("two", 2)):
        with pytest.raises(errors.NotInstalledError):
            renewal.get(APP)
        assert house.spring.asked == asked
        house.clock.advance(0.1)


def test_a_failure_that_was_forgotten_stops_nobody(house: House) -> None:
    house.spring.failure = errors.NotInstalledError("no")
    with pytest.raises(errors.NotInstalledError):
        house.renewal.get(APP)
    house.clock.advance(0.1)
    notes.forget(house.settings)
    house.spring.failure = None
    assert house.renewal.get(APP).fetched
    notes.forget(house.settings)
    assert house.cache.names() == [OWNER]


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


def test_what_does_not_live_is_not_served(house: House) -> None:
    house.renewal.get(APP)
    house.clock.advance(3600)
    house.spring.failure = errors.UnreachableError("no route")
    with pytest.raises(errors.UnreachableError, match="no route"):
        house.renewal.get(APP)


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


def test_after_a_failure_nobody_asks_again_for_two_seconds(house: House) -> None:
    house.spring.failure = errors.UnreachableError("no route", hint="look at the cable")
    for _ in range(5):
        with pytest.raises(errors.UnreachableError, match="no route; look at the cable"):
            house.renewal.get(APP)
        house.clock.advance(0.3)
    assert house.spring.asked == 1
    house.clock.advance(2)
    house.spring.failure = None
    assert house.renewal.get(APP).fetched


def test_a_wrong_setting_that_was_corrected_works_at_once(house: House) -> None:
    house.spring.failure = errors.KeyFileError("no such file")
    with pytest.raises(errors.KeyFileError):
        house.renewal.get(APP)
    house.clock.advance(0.01)
    house.spring.failure = None
    assert house.renewal.get(APP).fetched


def test_a_note_of_a_failure_from_the_future_or_of_no_sense_stops_nobody(house: House) -> None:
    house.spring.failure = errors.UnreachableError("no route")
    with pytest.raises(errors.UnreachableError):
        house.renewal.get(APP)
    house.clock.set_wall(house.clock.wall() - 9000)
    house.spring.failure = None
    assert house.renewal.get(APP).fetched


NOTE = '{"kind": "%s", "message": "", "hint": "", "at": %s, "until": 9e99, "configured": "@"}'


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", *(NOTE % row for row in [("annotations", 0), ("NoSuch", 0), ("E", '"x"')])],
)
def test_a_strange_note_of_a_failure_stops_nobody(house: House, text: str) -> None:
    house.cache.folder.mkdir(parents=True, mode=0o700)
    house.cache.folder.parent.chmod(0o700)
    memo = house.cache.folder / f".failed~{OWNER}"
    memo.write_text(text.replace("@", house.settings.digest))
    memo.chmod(0o600)
    assert house.renewal.get(APP).fetched


def test_a_note_of_a_failure_holds_no_secret(house: House) -> None:
    house.spring.failure = errors.UnreachableError("it said ghs_canary0123")
    with pytest.raises(errors.UnreachableError):
        house.renewal.get(APP)
    assert not any(b"canary" in data for data in tree(house.home).values())


def test_a_token_that_github_refused_before_is_not_handed_out_again(house: House) -> None:
    stale = Token(Secret("ghs_0"), None, 0.0)
    house.cache.reject(stale.fingerprint, house.clock.wall() + 3600)
    with pytest.raises(errors.SourceError, match="the spring gave a token that GitHub has refused"):
        house.renewal.get(APP)
    house.clock.advance(3)
    assert house.renewal.get(APP).token == house.spring.given[1]


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
