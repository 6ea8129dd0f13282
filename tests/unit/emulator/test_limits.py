"""Requests and mints are counted as GitHub's limits say."""

import pytest

from gitlease.emulator.limits import Limits
from gitlease.emulator.refusals import Refusal
from gitlease.emulator.world import World
from tests.unit.emulator.worlds import Api, new_token, new_world


@pytest.fixture
def world() -> World:
    return new_world()


def test_every_reply_tells_what_is_left(world: World) -> None:
    api, token = Api(world), new_token(world)
    left = [
        api.ask("GET", "/installation/repositories", auth=token).headers["x-ratelimit-remaining"]
        for _ in range(3)
    ]
    assert left == ["4999", "4998", "4997"]


def test_all_tokens_of_an_installation_share_one_limit(world: World) -> None:
    world.settings = world.settings.changed({"rate_limit": 2})
    api = Api(world)
    replies = [
        api.ask("GET", "/installation/repositories", auth=new_token(world)) for _ in range(3)
    ]
    assert [reply.status for reply in replies] == [200, 200, 403]
    assert replies[-1].headers["x-ratelimit-remaining"] == "0"
    assert "rate limit exceeded" in replies[-1].json["message"]
    other = api.ask("GET", "/installation/repositories", auth=new_token(world, 20))
    assert other.status == 200


def test_the_limit_is_new_after_an_hour(world: World) -> None:
    world.settings = world.settings.changed({"rate_limit": 1})
    limits = Limits(world)
    limits.charge("somebody")
    with pytest.raises(Refusal):
        limits.charge("somebody")
    world.clock.advance(3601)
    assert limits.charge("somebody")["X-RateLimit-Remaining"] == "0"
    # A clock that is moved back does not freeze the window either.
    world.clock.advance(-7200)
    assert limits.charge("somebody")


def test_asking_for_the_limit_costs_nothing(world: World) -> None:
    api, token = Api(world), new_token(world)
    for _ in range(2):
        reply = api.ask("GET", "/rate_limit", auth=token)
        assert reply.json["rate"]["remaining"] == 5000
        assert reply.headers["x-ratelimit-remaining"] == "5000"


def test_more_mints_than_180_a_minute_meet_the_secondary_limit(world: World) -> None:
    api = Api(world)
    target = "/app/installations/10/access_tokens"
    statuses = [api.as_app("POST", target).status for _ in range(180)]
    assert set(statuses) == {201}
    refused = api.as_app("POST", target)
    assert refused.status == 403
    assert "secondary rate limit" in refused.json["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    world.clock.advance(61)
    assert api.as_app("POST", target).status == 201


def test_the_secondary_limit_can_be_turned_off(world: World) -> None:
    world.settings = world.settings.changed({"mints_per_minute": 0})
    limits = Limits(world)
    for _ in range(500):
        limits.charge_mint(1)
