"""A round renews what is used and due, takes nothing away, and knows when to come again."""

import os
from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.targets import Target
from gitlease.workspace import usage
from gitlease.workspace.cache import Cache
from gitlease.workspace.refresher import run_round
from tests.support.parts import HOST, NOON, settings
from tests.support.refreshing import ACME, DAY, SITE, House


@pytest.fixture
def house(home: Path) -> House:
    return House(home)


def test_a_young_token_is_left_alone_and_the_next_round_is_when_it_is_due(house: House) -> None:
    house.put(ACME)
    done = house.round()
    assert (house.spring.asked, done.error, done.next_in) == ([], None, 2280)
    assert [str(line) for line in done.lines] == ["github.com/acme: lives 3600 s more"]


def test_two_thirds_through_its_life_a_token_is_renewed(house: House) -> None:
    house.put(ACME)
    house.put(SITE)
    house.clock.advance(2280)
    done = house.round()
    assert house.record().token.secret.reveal() == "ghs_1"
    assert house.record(SITE).token.secret.reveal() == "ghs_2"
    assert (done.error, done.next_in, len(done.lines)) == (None, 2280, 2)


def test_the_source_is_asked_for_more_than_is_left(house: House) -> None:
    """Or a broker's cache would answer with the token that we have."""
    house.put(ACME)
    house.clock.advance(2300)
    house.round()
    assert house.spring.asked == [("github.com/acme", 1301.0)]


def test_what_nobody_has_used_for_a_day_is_left_to_end(house: House) -> None:
    house.put(ACME, used=DAY + 1)
    house.put(SITE, used=DAY - 3000)
    house.clock.advance(2300)
    house.round()
    assert house.spring.asked == [("github.com/acme/site", 1301.0)]
    house.round(everything=True)
    assert [who for who, _ in house.spring.asked[1:]] == ["github.com/acme"]


def test_a_renewal_is_no_use(house: House) -> None:
    """Or a token that was used once would be renewed for ever."""
    house.put(ACME, used=1000)
    before = usage.last_used(house.cache.folder / ACME)
    house.clock.advance(2300)
    house.round()
    house.round()
    assert house.record().token.secret.reveal() == "ghs_1"
    assert usage.last_used(house.cache.folder / ACME) == before


def test_to_answer_is_a_use(house: House) -> None:
    house.put(ACME, used=DAY * 2)
    assert not usage.used_since(house.cache.folder / ACME, NOON.wall - DAY)
    house.cache.read(ACME)
    assert not usage.used_since(house.cache.folder / ACME, NOON.wall - DAY)
    house.cache.find(Target(HOST, "acme"))
    # The file system's own clock is the real one.
    assert (usage.last_used(house.cache.folder / ACME) or 0) != NOON.wall - DAY * 2


def test_where_the_file_system_keeps_no_use_all_is_used(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.put(ACME, used=DAY * 2)
    flags = os.statvfs(house.cache.folder)

    class Noatime:
        f_flag = flags.f_flag | os.ST_NOATIME

    monkeypatch.setattr(os, "statvfs", lambda _: Noatime)
    house.clock.advance(2300)
    house.round()
    assert len(house.spring.asked) == 1


def test_without_a_way_to_read_unseen_the_time_of_use_is_put_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "O_NOATIME")
    house.put(ACME, used=1000)
    times = (house.cache.folder / ACME).stat()
    house.round()
    after = (house.cache.folder / ACME).stat()
    assert (after.st_atime_ns, after.st_mtime_ns) == (times.st_atime_ns, times.st_mtime_ns)


def test_a_renewal_that_fails_takes_nothing_away(house: House) -> None:
    house.put(ACME)
    house.put("github.com~other")
    house.clock.advance(2300)
    house.spring.failure = errors.UnreachableError("no route", hint="mend it")
    done = house.round()
    assert house.record().token.secret.reveal() == "ghs_old"
    assert [line.failed for line in done.lines] == [True, True]
    assert (str(done.error), done.urgent) == ("no route; mend it", False)
    # One failure keeps no other token from its renewal.
    assert [who for who, _ in house.spring.asked] == ["github.com/acme", "github.com/other"]


def test_a_round_that_takes_too_long_leaves_the_rest_for_the_next(house: House) -> None:
    for name in ("a", "b", "c"):
        house.put(f"github.com~{name}")
    house.clock.advance(2300)
    house.spring.failure = errors.UnreachableError("timed out")
    house.spring.takes = 31.0
    done = house.round()
    assert [line.text for line in done.lines if not line.failed] == ["left for the next round"]
    assert done.next_in <= 30


def test_a_token_that_is_over_is_urgent(house: House) -> None:
    house.put(ACME)
    house.clock.advance(3600)
    house.spring.failure = errors.UnreachableError("no route")
    assert house.round().urgent
    house.spring.failure = None
    house.clock.advance(30)
    done = house.round()
    assert (done.error, done.urgent) == (None, False)
    assert house.record().left(house.clock()) == 3600


@pytest.mark.parametrize(("left", "pause"), [(200, 200), (20, 40)])
def test_it_comes_again_when_a_token_that_cannot_be_renewed_is_over(
    house: House, left: int, pause: int
) -> None:
    """After many failures it would rest for longer, and whoever has just mended it would wait."""
    house.put(ACME)
    house.clock.advance(3600 - left)
    house.spring.failure = errors.UnreachableError("no route")
    done = house.round()
    assert (done.next_in, done.urgent) == (pause, False)


def test_what_nobody_grants_any_more_is_let_go_once_it_is_over(house: House) -> None:
    """The next git command hears why; a round has nothing to repeat."""
    house.put(ACME)
    house.clock.advance(2300)
    house.spring.failure = errors.RefusedError("no grant")
    assert house.round().error is not None
    assert house.record().token.secret.reveal() == "ghs_old"
    house.clock.advance(1300)
    assert not house.round().urgent
    done = house.round()
    assert (done.error, done.lines, house.cache.names()) == (None, [], [])


def test_a_broker_without_a_longer_lived_token_is_asked_again_before_it_matters(
    house: House,
) -> None:
    house.put(ACME)
    house.clock.advance(2280)
    house.spring.keep = house.record().token
    pauses = []
    for _ in range(4):
        done = house.round()
        assert done.error is None
        pauses.append(done.next_in)
        house.clock.advance(done.next_in)
    # The last but one is two seconds after two thirds: then a broker has to have another.
    assert pauses == [101, 9.5, 11.5, 30]
    assert [line.text for line in house.round().lines] == [
        "lives 1168 s more; no longer-lived one yet"
    ]


def test_a_token_of_the_environment_is_not_taken_for_a_renewal(house: House, home: Path) -> None:
    house.settings = settings(home, app_id="1", private_key_file="/nowhere/app.pem")
    house.cache = Cache(house.settings)
    house.put(ACME)
    house.clock.advance(2300)
    done = run_round(house.settings, {"GITHUB_TOKEN": "ghp_mine"}, read_clock=house.clock)
    assert house.record().token.secret.reveal() == "ghs_old"
    assert "/nowhere/app.pem cannot be read" in str(done.error)
