"""An App proves itself as GitHub's docs say, and every lie gets GitHub's own text."""

import base64
import json
from typing import Any

import pytest

from gitlease.emulator import appjwt
from gitlease.emulator.refusals import Refusal
from gitlease.emulator.world import World
from tests.unit.emulator.worlds import APP_ID, CLIENT_ID, app_jwt, new_world


@pytest.fixture
def world() -> World:
    return new_world()


@pytest.mark.parametrize("issuer", [CLIENT_ID, str(APP_ID), APP_ID])
def test_an_app_is_known_by_client_id_and_by_app_id(world: World, issuer: object) -> None:
    assert appjwt.authenticate(world, app_jwt(world, iss=issuer)).id == APP_ID


def test_the_allowed_life_ends_at_exactly_ten_minutes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(world.clock.now())
    monkeypatch.setattr(world.clock, "now", lambda: float(now))
    assert appjwt.authenticate(world, app_jwt(world, exp=now + 600)).id == APP_ID
    assert refused(world, exp=now + 601) == (401, appjwt.EXP_TOO_FAR)
    assert refused(world, exp=now) == (401, appjwt.EXP_NOT_FUTURE)
    assert appjwt.authenticate(world, app_jwt(world, iat=now)).id == APP_ID
    assert refused(world, iat=now + 1) == (401, appjwt.IAT_NOT_PAST)


@pytest.mark.parametrize(
    ("claims", "status", "text"),
    [
        ({"exp": None}, 401, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"exp": "soon"}, 401, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"exp": True}, 401, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"iat": None}, 401, "'Issued at' claim ('iat') must be an Integer"),
        ({"iat": 1.5}, 401, "'Issued at' claim ('iat') must be an Integer"),
        ({"iss": None}, 401, "'Issuer' claim ('iss')"),
        ({"iss": "Iv23linobody"}, 404, "Integration not found"),
        ({"signed_by": "another"}, 401, "A JSON web token could not be decoded"),
        ({"algorithm": "HS256"}, 401, "A JSON web token could not be decoded"),
    ],
)
def test_each_fault_has_its_status_and_its_text(
    world: World, claims: dict[str, Any], status: int, text: str
) -> None:
    found, message = refused(world, **claims)
    assert found == status
    assert message.startswith(text)


def test_a_clock_that_is_moved_judges_the_same_proof_anew(world: World) -> None:
    proof = app_jwt(world)
    world.clock.advance(-120)
    assert _refusal(world, proof) == (401, appjwt.EXP_TOO_FAR)
    world.clock.advance(120 + 600)
    assert _refusal(world, proof) == (401, appjwt.EXP_NOT_FUTURE)


def test_a_proof_without_signature_or_with_a_changed_word_is_refused(world: World) -> None:
    head, claims, signature = app_jwt(world).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    changed = claims[:-2] + ("AA" if claims[-2:] != "AA" else "BB")
    for proof in (
        f"{none}.{claims}.",
        f"{head}.{changed}.{signature}",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        "..",
        "a.b.c",
        "",
    ):
        status, _ = _refusal(world, proof)
        assert status == 401


def test_a_refusal_never_repeats_the_proof(world: World) -> None:
    proof = app_jwt(world, signed_by="another")
    with pytest.raises(Refusal) as caught:
        appjwt.authenticate(world, proof)
    assert proof.split(".")[1] not in repr(caught.value) + str(caught.value.body())


def refused(world: World, **claims: Any) -> tuple[int, str]:
    return _refusal(world, app_jwt(world, **claims))


def _refusal(world: World, proof: str) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        appjwt.authenticate(world, proof)
    return caught.value.status, caught.value.message
