"""A token is worth what its age, its revocation and the world's lag say."""

import base64
import json

import pytest

from gitlease.emulator import tokens
from gitlease.emulator.tokens import State
from gitlease.emulator.world import World
from tests.unit.emulator.worlds import new_token, new_world


@pytest.fixture
def world() -> World:
    return new_world()


def state(world: World, token: str) -> State:
    return world.tokens.look_up(token, world.clock.now())[0]


def test_the_classic_form_is_forty_characters() -> None:
    token = tokens.classic()
    assert token.startswith("ghs_")
    assert len(token) == 40
    assert token[4:].isalnum()
    assert tokens.classic() != token


def test_the_stateless_form_is_an_app_id_and_a_jwt_of_about_520_characters() -> None:
    token = tokens.stateless(1234567, 98765432, 1_800_000_000, 1_800_003_600)
    prefix, app_id, jwt = token.split("_", 2)
    assert (prefix, app_id) == ("ghs", "1234567")
    assert 480 <= len(token) <= 560
    payload = jwt.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] == 1_800_003_600


@pytest.mark.parametrize("form", ["classic", "stateless"])
def test_a_token_lives_exactly_its_ttl(world: World, form: str) -> None:
    world.settings = world.settings.changed({"token_format": form})
    token = new_token(world)
    assert state(world, token) is State.LIVE
    world.clock.advance(3598)
    assert state(world, token) is State.LIVE
    world.clock.advance(2)
    assert state(world, token) is State.EXPIRED
    world.clock.advance(-3600)
    assert state(world, token) is State.LIVE


def test_a_fresh_token_is_unknown_then_spreading_then_live(world: World) -> None:
    world.settings = world.settings.changed({"replication_lag": 10})
    token = new_token(world)
    assert state(world, token) is State.NOT_YET_KNOWN
    world.clock.advance(5.1)
    assert state(world, token) is State.SPREADING
    world.clock.advance(5)
    assert state(world, token) is State.LIVE


def test_the_lag_of_a_token_is_that_of_its_birth(world: World) -> None:
    token = new_token(world)
    world.settings = world.settings.changed({"replication_lag": 1000})
    assert state(world, token) is State.LIVE


def test_a_revoked_token_stays_dead_and_others_live(world: World) -> None:
    one, other = new_token(world), new_token(world)
    assert world.tokens.revoke(one)
    assert not world.tokens.revoke(one)
    assert not world.tokens.revoke("ghs_nobody")
    assert (state(world, one), state(world, other)) == (State.REVOKED, State.LIVE)
    assert world.tokens.revoke_all() == 1
    assert state(world, other) is State.REVOKED


def test_a_fingerprint_is_that_of_githubs_audit_log() -> None:
    # `printf ghs_abc | openssl dgst -sha256 -binary | base64`
    assert tokens.fingerprint("ghs_abc") == "yPh4Du8ycBLytYt94hKQO32JG1V0w2/g7eKUsIJ9My4="


def test_no_plaintext_is_kept(world: World) -> None:
    token = new_token(world)
    assert token not in repr(world.tokens.known)
