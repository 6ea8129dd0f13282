"""A failure is remembered for as long as asking again makes no sense, and no longer."""

from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.frozen import replace
from gitlease.model.targets import parse_path
from gitlease.workspace import clocks, notes
from gitlease.workspace.cache import Cache
from gitlease.workspace.failures import recent
from gitlease.workspace.renewal import Renewal
from tests.support.parts import APP, Clock, tree
from tests.support.renewing import OWNER, House, Spring


@pytest.fixture
def house(home: Path) -> House:
    return House(home)


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
    ("failed", "told"), [("acme", []), ("acme/web", []), ("other/web", ["github.com/other/web"])]
)
def test_a_token_that_answers_it_ends_a_failure(home: Path, failed: str, told: list[str]) -> None:
    """Else a probe would hear of it for an hour: the next one finds the token and asks nobody."""
    house = House(home, Clock(clocks.read()))
    house.settings = replace(house.settings, broker_url="https://broker.test")
    house.cache = Cache(house.settings)
    renewal = house.over(house.spring)
    house.spring.failure = errors.UnreachableError("no route")
    target = parse_path("github.com", failed)
    assert target is not None
    with pytest.raises(errors.UnreachableError):
        renewal.get(target)
    house.clock.advance(5)
    house.spring.failure = None
    assert renewal.get(APP).fetched
    digest = house.settings.digest
    heard = recent(house.settings, lambda: digest, house.clock().wall)
    assert [name for name, _ in heard] == told


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
