"""A fleet does not notice the troubles it lives among; `make soak` lets it live for an hour."""

import random

import pytest

from tests.support.environment import STARTED_IN
from tests.support.evidence import Survived, Tried
from tools.soak.__main__ import soak
from tools.soak.stage import Size

SECONDS = float(STARTED_IN.get("GITLEASE_TEST_SOAK", "300"))
SIZE = Size(seconds=SECONDS, workspaces=30, pace=15, life=120)


@pytest.mark.guarantee("journal")
@pytest.mark.guarantee("renewal")
@pytest.mark.timeout(900 + SECONDS)
@pytest.mark.first
def test_a_fleet_does_not_notice_what_its_brokers_go_through(
    tried: Tried, survived: Survived
) -> None:
    found = soak(SIZE, seed := random.randrange(10**6))
    print(found)
    assert found["broken"] == [], f"seed {seed}"
    tried("git commands of a fleet among troubles", found["git_commands"])
    for trouble in found["troubles"]:
        survived(f"in a fleet: {trouble.replace('_', ' ')}")
