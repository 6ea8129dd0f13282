"""A round renews what is used and due, takes nothing away, and knows when to come again."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.errors import GitleaseError
from gitlease.model.targets import Target
from gitlease.model.tokens import Token
from gitlease.workspace import daemon, standing, usage
from gitlease.workspace.cache import Cache, Record
from gitlease.workspace.install.report import State
from gitlease.workspace.refresher import run_round
from gitlease.workspace.rounds import Round
from gitlease.workspace.sources import Fetched
from tests.support.parts import HOST, NOON, Clock, settings, token

ACME, SITE = "github.com~acme", "github.com~acme~site"
DAY = 86_400.0


@dataclass
class Spring:
    """
    A source of new tokens, or of the one it is told to `keep`.

    `asked` has what it was asked; an answer `takes` seconds.
    """

    clock: Clock
    failure: GitleaseError | None = None
    keep: Token | None = None
    asked: list[tuple[str, float]] = field(default_factory=list)
    takes: float = 0.0
    name: str = "spring"

    def fetch(self, target: Target, min_ttl: float) -> Fetched | None:
        self.asked.append((str(target), min_ttl))
        self.clock.advance(self.takes)
        if self.failure is not None:
            raise self.failure
        made = self.keep or token(f"ghs_{len(self.asked)}", self.clock())
        return Fetched(made, target.names[0], for_all=True)


@dataclass
class Gh:
    """A gh that notes its logins."""

    target: Target = field(default_factory=lambda: Target(HOST))
    state: State = "done"
    tokens: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def log_in(self, token: Token) -> tuple[State, str]:
        if self.trouble is not None:
            raise self.trouble
        self.tokens.append(token.secret.reveal())
        return self.state, "logged in"


class House:
    """A cache, a clock and a source; rounds in it draw no lots."""

    def __init__(self, home: Path) -> None:
        self.settings = settings(home)
        self.clock = Clock()
        self.cache = Cache(self.settings)
        self.spring = Spring(self.clock)

    def put(self, name: str, text: str = "ghs_old", *, used: float = 0.0) -> None:
        """Put a new token under *name*, last used so many seconds ago."""
        self.cache.put(name, token(text, self.clock()), self.clock(), for_all=True)
        path = self.cache.folder / name
        then = self.clock().wall - used
        os.utime(path, (then, path.stat().st_mtime))

    def round(self, gh: Gh | None = None, *, everything: bool = False) -> Round:
        return run_round(
            self.settings,
            {},
            gh=gh,
            sources=[self.spring],
            read_clock=self.clock,
            draw=lambda a, b: (a + b) / 2,
            everything=everything,
        )

    def record(self, name: str = ACME) -> Record:
        found = self.cache.read(name)
        assert found is not None
        return found


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


def test_gh_waits_for_a_grant_that_comes_back(house: House) -> None:
    """It asks nobody else, so not even a refusal makes the refresher slow."""
    house.put(ACME)
    house.clock.advance(3600)
    house.spring.failure = errors.SuspendedError("suspended")
    assert house.round(gh=Gh(Target(HOST, "acme"))).urgent


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


# gh


def test_gh_is_given_its_token_each_round_and_it_is_renewed_unused(house: House) -> None:
    gh = Gh()
    house.round(gh)
    house.clock.advance(DAY + 10)
    house.round(gh)
    house.round(gh)
    assert gh.tokens == ["ghs_1", "ghs_2", "ghs_2"]


def test_gh_keeps_what_still_serves(house: House) -> None:
    gh = Gh()
    house.round(gh)
    house.clock.advance(2300)
    house.spring.failure = errors.UnreachableError("no route")
    assert house.round(gh).error is not None
    assert gh.tokens == ["ghs_1", "ghs_1"]
    house.clock.advance(1300)
    done = house.round(gh)
    assert (gh.tokens, done.urgent) == (["ghs_1", "ghs_1"], True)


def test_a_login_that_fails_is_a_failure(house: House) -> None:
    done = house.round(Gh(state="failed"))
    assert str(done.error) == "gh: logged in"
    assert [str(line) for line in done.lines if line.failed] == ["gh: logged in"]


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (errors.BusyError("gh's lock is held", hint="wait"), "gh's lock is held; wait"),
        (PermissionError(13, "Permission denied", "/f"), "gh: Permission denied: /f; mend it"),
    ],
)
def test_a_login_that_raises_is_a_failure_with_its_cure(
    house: House, trouble: Exception, told: str
) -> None:
    """And what else the round did is not lost by it."""
    house.put(ACME)
    done = house.round(Gh(trouble=trouble))
    assert str(done.error).startswith(told)
    assert [line.what for line in done.lines] == [ACME.replace("~", "/"), HOST, "gh"]


def test_gh_that_nobody_has_a_token_for_is_no_failure(house: House) -> None:
    """It may just be there, where the App has several installations."""
    gh = Gh()
    house.spring.failure = errors.NotInstalledError("several installations", hint="name one")
    done = house.round(gh)
    assert (done.error, done.next_in, gh.tokens) == (None, 300, [])
    assert [str(line) for line in done.lines] == [
        "gh: not logged in: several installations; name one"
    ]


# How it stands


def test_how_it_stands_is_kept_for_the_next_round_and_for_probes(ready: House) -> None:
    house = ready
    rest = settle(house)
    path = house.settings.home / "run" / "status.json"
    now = house.clock().wall
    assert rest == 2280
    assert json.loads(path.read_text()) == {
        "last_success": now,
        "next_due": now + 2280,
        "failures_in_a_row": 0,
        "last_error": None,
        "pid": 7,
        "version": "0.1.0",
    }
    assert (path.stat().st_mtime, path.stat().st_mode & 0o777) == (now + 2280, 0o600)


def settle(house: House, gh: Gh | None = None) -> int:
    done = house.round(gh)
    now = house.clock().wall
    return standing.settle(house.settings, done, now, pid=7, draw=lambda _, high: high)


@pytest.fixture
def ready(house: House) -> House:
    daemon.pid_file(house.settings).parent.mkdir(parents=True)
    house.settings.home.chmod(0o700)
    house.put(ACME)
    return house


def test_failures_are_counted_and_retried_less_often_until_one_succeeds(ready: House) -> None:
    settle(ready)
    first = standing.read(ready.settings).last_success
    ready.clock.advance(2280)
    ready.spring.failure = errors.UnreachableError("no route to ghs_canary", hint="mend it")
    rests = []
    for _ in range(4):
        rests.append(settle(ready))
        ready.clock.advance(rests[-1])
    found = standing.read(ready.settings)
    assert rests == [30, 60, 120, 240]
    assert (found.failures_in_a_row, found.last_success) == (4, first)
    assert found.last_error == {"message": "no route to [redacted]", "hint": "mend it"}
    ready.spring.failure = None
    assert settle(ready) == 2280
    found = standing.read(ready.settings)
    assert (found.failures_in_a_row, found.last_error) == (0, None)
    assert found.last_success == ready.clock().wall


def test_who_says_how_long_to_wait_is_not_asked_before(ready: House) -> None:
    ready.clock.advance(2280)
    ready.spring.failure = errors.RateLimitedError("slow down", retry_after=200)
    assert settle(ready) == 200


def test_the_longest_pause_may_be_set(ready: House) -> None:
    ready.settings = settings(ready.settings.home.parent, refresh_interval=600)
    assert settle(ready) == 600


def test_before_anything_is_configured_it_looks_every_half_minute(home: Path) -> None:
    mine = settings(home, broker_url="https://broker", configs_dir=home)
    done = run_round(mine, {})
    assert (done.waiting, done.next_in, done.error) == (True, 30, None)
    (home / ".auth_token").write_text("bearer")
    mine = settings(home, broker_url="http://127.0.0.1:1", configs_dir=home)
    assert not run_round(mine, {}).waiting


@pytest.mark.parametrize("text", ["", "{", "[]", '{"last_success": "x"}', "null"])
def test_a_standing_that_is_spoilt_is_a_beginners(ready: House, text: str) -> None:
    path = daemon.status_file(ready.settings)
    path.write_text(text)
    path.chmod(0o600)
    assert standing.read(ready.settings) == standing.Standing()
    assert settle(ready) == 2280
