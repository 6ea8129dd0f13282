"""gh is logged in by each round, and what goes wrong with it is told with its cure."""

from pathlib import Path

import pytest

from gitlease.model import errors
from gitlease.model.targets import Target
from tests.support.parts import HOST
from tests.support.refreshing import ACME, DAY, Gh, House


@pytest.fixture
def house(home: Path) -> House:
    return House(home)


def test_gh_waits_for_a_grant_that_comes_back(house: House) -> None:
    """It asks nobody else, so not even a refusal makes the refresher slow."""
    house.put(ACME)
    house.clock.advance(3600)
    house.spring.failure = errors.SuspendedError("suspended")
    assert house.round(gh=Gh(Target(HOST, "acme"))).urgent


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
