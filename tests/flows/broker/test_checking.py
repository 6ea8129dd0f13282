"""`gitlease broker check`: each question has its answer, and what is not well its cure."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gitlease.broker import checking
from gitlease.broker.settings import Settings, load
from gitlease.broker.store import Store
from gitlease.cli import main
from gitlease.emulator import GitHub
from gitlease.model.grants import Grant
from tests.support.brokers import broker_env

Look = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def settings(tmp_path: Path, github: GitHub) -> Settings:
    return load(broker_env(tmp_path, github))


@pytest.fixture
def look(
    tmp_path: Path,
    github: GitHub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Look:
    """Return what runs the command with further variables, and gives its findings by name."""

    def run(code: int, **more: str) -> dict[str, dict[str, Any]]:
        for name, value in (broker_env(tmp_path, github) | more).items():
            monkeypatch.setenv(name, value)
        assert main(["broker", "check", "--json"]) == code
        return {one["what"]: one for one in json.loads(capsys.readouterr().out)}

    return run


def grant(settings: Settings, *grants: Grant) -> None:
    async def story() -> None:
        store = await Store.open(settings.store_url)
        await store.workspaces.create("ws-1", grants)
        await store.close()

    asyncio.run(story())


def test_all_is_well(look: Look, settings: Settings, github: GitHub) -> None:
    grant(settings, Grant.of("acme", ["app"], {"contents": "read"}), Grant.of("other", "ALL"))
    found = look(0)
    assert set(found) == {
        "database",
        f"key {github.private_key_file}",
        f"App {github.client_id}",
        "clock",
        "grants",
    }
    assert found[f"App {github.client_id}"]["detail"] == "installed for acme, other"
    assert not any(one["cure"] for one in found.values())


@pytest.mark.parametrize("wrong", [-300, 300, 7200])
def test_a_clock_that_github_still_bears_with_is_told(
    look: Look, github: GitHub, wrong: int
) -> None:
    github.advance(wrong)
    clock = look(1)["clock"]
    assert abs(int(clock["detail"].split()[0]) - wrong) < 60
    assert "NTP" in clock["cure"]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Grant.of("acme", ["app", "never-was"]), "does not reach never-was"),
        (Grant.of("nobody", "ALL"), "no App is installed"),
        (Grant.of("acme", "ALL", {"administration": "admin"}), "fewer permissions"),
    ],
)
def test_a_grant_that_cannot_be_satisfied_is_told(
    look: Look, settings: Settings, one: Grant, said: str
) -> None:
    grant(settings, Grant.of("acme", ["app"]), one)
    finding = look(1)["workspace ws-1"]
    assert said in finding["detail"]
    assert finding["cure"]


def test_a_renamed_repository_satisfies_its_grant(
    look: Look, settings: Settings, github: GitHub
) -> None:
    grant(settings, Grant.of("acme", ["app"]))
    github.rename_repository("acme/app", "acme/application")
    look(0)


def test_a_suspended_installation_is_told(look: Look, settings: Settings, github: GitHub) -> None:
    grant(settings, Grant.of("acme", "ALL"))
    github.suspend("acme")
    assert "suspended" in look(1)["workspace ws-1"]["detail"]


def test_each_of_two_keys_is_looked_at(look: Look, github: GitHub, tmp_path: Path) -> None:
    """The bad one would show itself only on the day when the good one is taken away."""
    foreign = tmp_path / "foreign.pem"
    key = rsa.generate_private_key(65537, 2048)
    foreign.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    found = look(1, GITLEASE_PRIVATE_KEY_FILE=f"{github.private_key_file}:{foreign}")
    assert found[f"key {github.private_key_file}"]["state"] == "ok"
    assert found[f"key {foreign}"]["state"] == "BAD"
    assert found[f"App {github.client_id}"]["state"] == "ok"


def test_what_cannot_be_asked_is_a_finding_and_no_end(look: Look, github: GitHub) -> None:
    github.fault("api", status=500)
    found = look(1)
    assert found["database"]["state"] == "ok"
    assert found[f"App {github.client_id}"]["state"] == "BAD"
    found = look(1, GITLEASE_BROKER_DATABASE_URL="sqlite:////dev/null/none")
    assert found["database"]["state"] == "BAD"
    assert all(one["cure"] for one in found.values() if one["state"] == "BAD")


def test_many_repositories_are_looked_up_in_part(
    look: Look, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MOST_LOOKED_UP", 1)
    grant(settings, Grant.of("acme", ["app", "lib"]))
    assert look(0)["repositories"]["detail"] == "1 of 2 repositories were looked up"
