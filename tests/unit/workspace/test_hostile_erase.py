"""A request that is not ours takes no token away either, whatever password it names."""

import time
from pathlib import Path

import pytest

from gitlease.model.tokens import Secret, Token
from gitlease.workspace import clocks
from gitlease.workspace.cache import Cache
from gitlease.workspace.helper import Helper
from gitlease.workspace.settings import Settings
from tests.support.evidence import Tried
from tests.support.vectors import VECTORS

NAMES = ["github.com", "github.com~acme"]
SECRET = "ghs_" + "x" * 36


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(tmp_path / "home", app_slug="demo")
    made.home.mkdir(mode=0o700)
    fill(made)
    return made


def fill(settings: Settings) -> None:
    """Keep a token that is too old for a refusal of it to be GitHub's lagging replicas'."""
    now = time.time()
    token = Token(Secret(SECRET), now + 3000, 0.0, source="test")
    for name in NAMES:
        Cache(settings).put(name, token, clocks.read(), for_all=True)


@pytest.mark.guarantee("renewal")
def test_a_request_that_is_not_ours_takes_nothing_away(settings: Settings, tried: Tried) -> None:
    helper = Helper(settings, {}, sleep=lambda _: pytest.fail("nobody waits for a stranger"))
    hostile = [vector for vector in VECTORS if not vector.answered and vector.data]
    for vector in hostile:
        helper.erase(f"password={SECRET}\n".encode() + vector.data)
        assert (vector.name, sorted(Cache(settings).names())) == (vector.name, NAMES)
    tried("hostile requests to erase", len(hostile))


def test_one_that_is_ours_does(settings: Settings) -> None:
    """What the test above says of the others would hold of a helper that erases nothing."""
    helper = Helper(settings, {}, sleep=lambda _: None)
    helper.erase(b"protocol=https\nhost=github.com\npath=acme/app\npassword=%b\n" % SECRET.encode())
    assert Cache(settings).names() == ["github.com"]
